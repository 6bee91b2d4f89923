// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/dsrun/Printers.h"
#include "tools/dsrun/Interrupt.h"
#include "tools/dsrun/JsonWriter.h"

namespace ds::dsrun {
namespace {

std::string commaList(std::span<const uint32_t> ids) {
  std::string text;
  for (uint32_t id : ids)
    text += (text.empty() ? "" : ",") + std::to_string(id);
  return text;
}

std::string oneLine(std::string_view text) {
  std::string line;
  for (char c : text) {
    if (c == '\n' || c == '\r')
      line += c == '\n' ? "\\n" : "\\r";
    else if (c == '\\')
      line += "\\\\";
    else
      line += c;
  }
  return line;
}

/// Of each token: its id, logarithm and the likeliest instead.
std::vector<JsonObject> logprobs(const rt::Completion &completion) {
  auto entry = [](const rt::TokenLogprob &token) {
    JsonObject object;
    object.member("id", uint64_t(token.id)).member("logprob", token.logprob);
    return object;
  };
  size_t count = completion.tokens.size();
  std::span<const rt::TokenLogprob> all = completion.logprobs;
  std::vector<JsonObject> tokens;
  for (size_t i = 0; i < count; ++i) {
    auto each = all.subspan(i * (all.size() / count), all.size() / count);
    std::vector<JsonObject> top;
    for (const rt::TokenLogprob &rival : each.subspan(1))
      top.push_back(entry(rival));
    tokens.push_back(
        entry(each[0]).member("top", std::span<const JsonObject>(top)));
  }
  return tokens;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view space = " \t\r\n";
  size_t first = text.find_first_not_of(space);
  if (first == text.npos)
    return {};
  return text.substr(first, text.find_last_not_of(space) - first + 1);
}

constexpr char kDim[] = "\x1b[2m", kPlain[] = "\x1b[0m";

} // namespace

void print(std::string_view text) {
  if (!terminal::print(text))
    Interrupt::stop();
}

StreamPrinter::StreamPrinter(const TextPart &text, bool dims)
    : decoder_(text, text.answersReason()),
      dims_(dims && text.answersReason()) {}

void StreamPrinter::onToken(size_t, uint32_t token) {
  show(decoder_.push(token));
}

void StreamPrinter::onFinish(size_t, const rt::Completion &completion) {
  show(decoder_.finish());
  if (isDim_) {
    print(kPlain);
    Interrupt::setLastWords(nullptr);
  }
  if (!endsLine_ && (hasText_ || completion.failure))
    print("\n");
}

void StreamPrinter::show(const AnswerDecoder::Parts &parts) {
  std::string out;
  if (dims_ && !isDim_ && !parts.reasoning.empty()) {
    out += kDim;
    isDim_ = true;
    Interrupt::setLastWords(kPlain); // before the terminal is dim
  }
  out += parts.reasoning;
  if (parts.closed)
    out += "</think>";
  bool undims = isDim_ && parts.closed;
  if (undims) {
    out += kPlain;
    isDim_ = false;
  }
  out += parts.content;
  if (!out.empty()) {
    hasText_ = true;
    endsLine_ = out.ends_with('\n');
  }
  print(out);
  if (undims)
    Interrupt::setLastWords(nullptr);
  answer_.append(parts);
}

LinePrinter::LinePrinter(std::span<const rt::Request> requests,
                         const TextPart *text, LineForm form, bool numbered)
    : requests_(requests), text_(text), form_(form), numbered_(numbered),
      waiting_(requests.size()) {}

void LinePrinter::onToken(size_t, uint32_t) {}

void LinePrinter::onFinish(size_t request, const rt::Completion &completion) {
  if (!numbered_ && !completion.failure)
    return;
  waiting_[request] = line(request, completion) + '\n';
  for (; printed_ < waiting_.size() && !waiting_[printed_].empty(); ++printed_)
    print(std::exchange(waiting_[printed_], {}));
}

std::string LinePrinter::line(size_t request,
                              const rt::Completion &completion) const {
  if (form_ == LineForm::Json)
    return object(request, completion);
  if (form_ == LineForm::Ids)
    return commaList(completion.tokens);
  return oneLine(
      decoded(*text_, requests_[request].prompt, completion.tokens).text());
}

std::string LinePrinter::object(size_t request,
                                const rt::Completion &completion) const {
  JsonObject object;
  object.member("schema", uint64_t(1));
  if (numbered_)
    object.member("index", request);
  if (text_) {
    Answer answer =
        decoded(*text_, requests_[request].prompt, completion.tokens);
    if (!text_->answersReason())
      object.raw("reasoning", "null").member("content", answer.content);
    else
      object.member("reasoning", trimmed(answer.reasoning))
          .member("content", trimmed(answer.content));
  }
  uint64_t prompt = requests_[request].prompt.size();
  uint64_t made = completion.tokens.size();
  JsonObject usage;
  usage.member("prompt_tokens", prompt)
      .member("completion_tokens", made)
      .member("total_tokens", prompt + made);
  object.member("ids", completion.tokens)
      .member("finish_reason", nameOf(completion.reason))
      .member("usage", usage);
  if (requests_[request].logprobs)
    object.member("logprobs",
                  std::span<const JsonObject>(logprobs(completion)));
  return object.text();
}

void printPrompts(std::span<const std::vector<uint32_t>> prompts,
                  const TextPart *text, bool asJson, bool numbered) {
  for (const std::vector<uint32_t> &ids : prompts) {
    if (!asJson) {
      print(commaList(ids) + '\n');
      continue;
    }
    std::vector<std::string> pieces;
    for (uint32_t id : ids)
      pieces.push_back(text->tokenizer().decode({&id, 1}));
    JsonObject object;
    object.member("schema", uint64_t(1));
    if (numbered)
      object.member("index", uint64_t(&ids - prompts.data()));
    object.member("ids", ids).member("pieces",
                                     std::span<const std::string>(pieces));
    print(object.text() + '\n');
  }
}

} // namespace ds::dsrun
