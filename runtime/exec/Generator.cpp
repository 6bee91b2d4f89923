// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/exec/Generator.h"
#include <algorithm>

namespace ds::rt {
namespace {

using Seconds = std::chrono::duration<double>;
constexpr uint32_t kFinished = kNone; // Active::limit of a sequence that ended

} // namespace

std::string_view nameOf(FinishReason reason) {
  constexpr std::string_view names[] = {"stop", "length", "cancelled", "error"};
  return names[size_t(reason)];
}

Generator::Generator(Session &session)
    : session_(session),
      sampler_(session.model().vocabSize, session.model().realTokens) {
  uint32_t sequences = session.states().maxSequences();
  active_.reserve(sequences);
  run_.reserve(sequences);
  rows_.reserve(sequences);
  rowOwner_.reserve(sequences);
}

Result<std::vector<Completion>>
Generator::run(std::span<const Request> requests, GenerationListener *listener,
               const std::atomic<bool> *cancel) {
  DS_TRY(check(requests));
  std::vector<Completion> completions(requests.size());
  requests_ = requests;
  completions_ = completions;
  listener_ = listener;
  nextRequest_ = 0;
  stats_ = {};
  promptTokens_ = 0;
  for (const Request &request : requests)
    promptTokens_ += request.prompt.size();
  start_ = Clock::now();
  Status status;
  while (status && (nextRequest_ < requests.size() || !active_.empty())) {
    if (cancel && cancel->load(std::memory_order_relaxed))
      break;
    status = admit();
    if (status)
      status = prefilling() ? prefill() : decode();
    removeFinished();
  }
  for (Active &active : active_)
    finish(active, FinishReason::Cancelled);
  removeFinished();
  if (!status)
    return status;
  return completions;
}

Status Generator::check(std::span<const Request> requests) const {
  const ModelRecord &model = session_.model();
  Status status;
  auto fail = [&](ErrorCode code, size_t request, std::string subject,
                  std::string found, std::string expected) {
    std::string where =
        requests.size() > 1 ? "prompt " + std::to_string(request) : "prompt";
    status.add(Error{.code = code,
                     .where = std::move(where),
                     .subject = std::move(subject),
                     .found = std::move(found),
                     .expected = std::move(expected)});
  };
  for (size_t i = 0; i < requests.size(); ++i) {
    const std::vector<uint32_t> &prompt = requests[i].prompt;
    if (prompt.empty())
      fail(ErrorCode::PromptEmpty, i, "tokens", "0", "at least 1");
    if (prompt.size() > model.context)
      fail(ErrorCode::ContextExceeded, i, "context length exceeded",
           std::to_string(prompt.size()) + " tokens",
           "at most " + std::to_string(model.context));
    auto bad = std::ranges::find_if(
        prompt, [&](uint32_t id) { return id >= model.vocabSize; });
    if (bad != prompt.end())
      fail(ErrorCode::TokenOutOfRange, i, "token id", std::to_string(*bad),
           "< " + std::to_string(model.vocabSize));
  }
  return status;
}

Status Generator::admit() {
  const States &states = session_.states();
  uint32_t context = session_.model().context;
  for (; nextRequest_ < requests_.size(); ++nextRequest_) {
    const Request &request = requests_[nextRequest_];
    uint32_t prompt = uint32_t(request.prompt.size());
    uint32_t limit = std::min(request.maxNewTokens, context - prompt);
    if (states.freeSequences() == 0 ||
        states.freePages() < states.pagesFor(prompt + limit))
      break;
    DS_ASSIGN(SequenceId sequence, session_.addSequence(prompt + limit));
    Completion &completion = completions_[nextRequest_];
    completion.tokens.reserve(limit);
    if (request.logprobs)
      completion.logprobs.reserve(size_t(limit) * (1 + *request.logprobs));
    active_.push_back({.request = nextRequest_,
                       .sequence = sequence,
                       .prefilled = 0,
                       .limit = limit,
                       .lastToken = 0,
                       .stops = StopMatcher(request.stopStrings)});
  }
  return {};
}

uint32_t Generator::promptSize(const Active &active) const {
  return uint32_t(requests_[active.request].prompt.size());
}

bool Generator::prefilling() const {
  return std::ranges::any_of(active_, [&](const Active &active) {
    return active.prefilled < promptSize(active);
  });
}

Status Generator::prefill() {
  Clock::time_point start = Clock::now();
  if (listener_)
    listener_->onPrefill(stats_.prefillTokens, promptTokens_);
  run_.clear();
  rows_.clear();
  rowOwner_.clear();
  uint32_t tokens = 0;
  for (uint32_t i = 0; i < active_.size() && tokens < session_.chunk(); ++i) {
    Active &active = active_[i];
    uint32_t left = promptSize(active) - active.prefilled;
    uint32_t part = std::min(left, session_.chunk() - tokens);
    if (part == 0)
      continue;
    run_.push_back({active.sequence, std::span(requests_[active.request].prompt)
                                         .subspan(active.prefilled, part)});
    active.prefilled += part;
    tokens += part;
    if (part < left)
      continue;
    if (active.limit == 0) {
      finish(active, FinishReason::Length);
      continue;
    }
    rows_.push_back(tokens - 1);
    rowOwner_.push_back(i);
  }
  DS_TRY(session_.prefill(run_));
  DS_TRY(sample());
  stats_.prefillTokens += tokens;
  stats_.prefillSeconds += Seconds(Clock::now() - start).count();
  return {};
}

Status Generator::decode() {
  Clock::time_point start = Clock::now();
  run_.clear();
  rows_.clear();
  rowOwner_.clear();
  for (uint32_t i = 0; i < active_.size(); ++i) {
    run_.push_back({active_[i].sequence, {&active_[i].lastToken, 1}});
    rows_.push_back(i);
    rowOwner_.push_back(i);
  }
  DS_TRY(session_.decode(run_));
  DS_TRY(sample());
  stats_.decodeTokens += rows_.size();
  stats_.decodeSeconds += Seconds(Clock::now() - start).count();
  return {};
}

Status Generator::sample() {
  uint32_t piece = session_.model().headRows;
  for (uint32_t first = 0; first < rows_.size(); first += piece) {
    uint32_t count = std::min(piece, uint32_t(rows_.size()) - first);
    DS_TRY(session_.head(std::span(rows_).subspan(first, count)));
    for (uint32_t i = 0; i < count; ++i) {
      Active &active = active_[rowOwner_[first + i]];
      Completion &completion = completions_[active.request];
      const Request &request = requests_[active.request];
      uint64_t position = request.prompt.size() + completion.tokens.size();
      std::span<const float> logits = session_.logits(i);
      Result<uint32_t> token =
          sampler_.pick(logits, request.sampling, position,
                        {request.prompt, completion.tokens});
      if (token) {
        if (request.logprobs)
          appendLogprobs(logits.first(session_.model().realTokens), *token,
                         *request.logprobs, completion.logprobs);
        accept(active, *token);
        continue;
      }
      completion.failure = token.takeStatus();
      finish(active, FinishReason::Failed);
    }
  }
  return {};
}

void Generator::accept(Active &active, uint32_t token) {
  Completion &completion = completions_[active.request];
  completion.tokens.push_back(token);
  active.lastToken = token;
  if (stats_.firstTokenSeconds == 0)
    stats_.firstTokenSeconds = Seconds(Clock::now() - start_).count();
  if (listener_)
    listener_->onToken(active.request, token);
  if (stopsAt(active, token))
    finish(active, FinishReason::Stop);
  else if (completion.tokens.size() == active.limit)
    finish(active, FinishReason::Length);
}

bool Generator::stopsAt(Active &active, uint32_t token) const {
  const Request &request = requests_[active.request];
  if (std::ranges::find(request.stops, token) != request.stops.end())
    return true;
  if (!request.stopStrings)
    return false;
  const Tokenizer &tokenizer = request.stopStrings->tokenizer();
  return active.stops.push(tokenizer.spelling(token)).has_value();
}

void Generator::finish(Active &active, FinishReason reason) {
  Completion &completion = completions_[active.request];
  completion.reason = reason;
  active.limit = kFinished;
  if (listener_)
    listener_->onFinish(active.request, completion);
}

void Generator::removeFinished() {
  std::erase_if(active_, [&](const Active &active) {
    if (active.limit != kFinished)
      return false;
    session_.removeSequence(active.sequence);
    return true;
  });
}

} // namespace ds::rt
