// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/exec/Session.h"
#include "runtime/device/ChooseLevel.h"
#include <algorithm>

namespace ds::rt {
Result<std::unique_ptr<Session>>
Session::create(const PlanFile &file, const SessionOptions &options) {
  std::unique_ptr<Session> session(new Session(file.view()));
  std::vector<Kernel> kernels;
  DS_TRY(session->loadCode(file, options, kernels));
  DS_ASSIGN(WeightFiles files, WeightFiles::open(file, options.weightsFolder));
  if (options.verifyWeights)
    DS_TRY(files.verify());
  session->weightFiles_.emplace(std::move(files));
  std::vector<const void *> weights;
  for (const WeightRecord &weight : session->plan_.weights)
    weights.push_back(session->weightFiles_->address(weight));
  DS_TRY(session->allocate(kernels, weights, options));
  return session;
}

Result<std::unique_ptr<Session>>
Session::create(const PlanView &plan, std::span<const Kernel> kernels,
                std::span<const void *const> weights,
                const SessionOptions &options) {
  std::unique_ptr<Session> session(new Session(plan));
  DS_TRY(session->allocate(kernels, weights, options));
  return session;
}

Status Session::loadCode(const PlanFile &file, const SessionOptions &options,
                         std::vector<Kernel> &kernels) {
  CPUFeatures features =
      options.features ? *options.features : CPUFeatures::host();
  DS_ASSIGN(uint32_t level,
            chooseLevel(plan_, features, file.path(), options.level));
  level_ = plan_.string(plan_.levels[level].name);
  const ImageRecord &image = plan_.images[plan_.levels[level].image];
  DS_ASSIGN(code_, CodeImage::load(plan_, image));
  uint32_t count = plan_.kernelsPerLevel();
  for (const KernelRecord &kernel :
       plan_.kernels.subspan(size_t(level) * count, count))
    kernels.push_back({code_->entry<RunFunction>(kernel.run),
                       code_->entry<TilesFunction>(kernel.tiles)});
  return {};
}

Status Session::allocate(std::span<const Kernel> kernels,
                         std::span<const void *const> weights,
                         const SessionOptions &options) {
  const BudgetRecord &budget = plan_.budget[0];
  chunk_ =
      options.chunk ? std::min(options.chunk, model().chunk) : model().chunk;
  pool_.emplace(options.threads ? options.threads : allowedCPUs());
  DS_ASSIGN(states_, States::create(plan_));
  DS_ASSIGN(scratch_, Memory::allocate(budget.scratch));
  DS_ASSIGN(host_, Memory::allocate(budget.host));
  std::vector<std::byte *> workspaces;
  for (uint32_t i = 0; i < pool_->workers(); ++i) {
    DS_ASSIGN(Memory workspace, Memory::allocate(budget.workspacePerWorker));
    workspaces.push_back(workspace.data());
    workspaces_.push_back(std::move(workspace));
  }
  std::vector<StateAddress> states;
  for (uint32_t i = 0; i < plan_.states.size(); ++i)
    states.push_back({states_->data(i), states_->layerBytes(i)});
  batch_.emplace(std::max(model().chunk, model().decodeTokens),
                 states_->maxSequences(), states_->numPages(),
                 model().headRows);
  runner_.emplace(plan_,
                  Bindings{.kernels = kernels,
                           .weights = weights,
                           .states = states,
                           .scratch = scratch_.data(),
                           .host = host_.data(),
                           .workspaces = workspaces},
                  *pool_);
  return {};
}

MemoryUse Session::memoryUse() const {
  uint64_t workspace = 0;
  for (const Memory &memory : workspaces_)
    workspace += memory.size();
  return {states_->bytes(), scratch_.size(), host_.size(), workspace};
}

Result<SequenceId> Session::addSequence(uint32_t maxTokens) {
  return states_->add(maxTokens);
}

Status Session::prefill(std::span<const SequenceTokens> tokens) {
  return run(EntryKind::Prefill, tokens, chunk_);
}

Status Session::decode(std::span<const SequenceTokens> tokens) {
  return run(EntryKind::Decode, tokens, model().decodeTokens);
}

Status Session::check(std::span<const SequenceTokens> tokens,
                      uint32_t maxTokens) const {
  auto fail = [](ErrorCode code, std::string subject, uint64_t found,
                 std::string expected) {
    return Error{.code = code,
                 .subject = std::move(subject),
                 .found = std::to_string(found),
                 .expected = std::move(expected)};
  };
  uint64_t all = 0;
  for (const SequenceTokens &part : tokens) {
    if (part.tokens.empty())
      return fail(ErrorCode::PromptEmpty, "tokens of a sequence", 0,
                  "at least 1");
    all += part.tokens.size();
    uint64_t length =
        states_->length(part.sequence) + uint64_t(part.tokens.size());
    uint32_t most = states_->maxTokens(part.sequence);
    if (length > most)
      return fail(ErrorCode::ContextExceeded, "tokens of a sequence", length,
                  "at most " + std::to_string(most));
    for (uint32_t id : part.tokens)
      if (id >= model().vocabSize)
        return fail(ErrorCode::TokenOutOfRange, "token id", id,
                    "< " + std::to_string(model().vocabSize));
  }
  if (all > maxTokens)
    return fail(ErrorCode::ContextExceeded, "tokens of one run", all,
                "at most " + std::to_string(maxTokens));
  return {};
}

Status Session::run(EntryKind entry, std::span<const SequenceTokens> tokens,
                    uint32_t maxTokens) {
  DS_TRY(check(tokens, maxTokens));
  batch_->clear();
  for (const SequenceTokens &part : tokens) {
    batch_->add(part.tokens, states_->length(part.sequence),
                states_->pages(part.sequence), model().pageTokens);
    states_->advance(part.sequence, uint32_t(part.tokens.size()));
  }
  runner_->run(entry, batch_->batch());
  return {};
}

void Session::head(std::span<const uint32_t> tokens) {
  batch_->setRows(tokens);
  runner_->run(EntryKind::Head, batch_->batch());
}

template <class T>
std::span<const T> Session::hostRows(uint32_t buffer, uint64_t layer,
                                     uint64_t columns) const {
  if (buffer == kNone)
    return {};
  const BufferRecord &record = plan_.buffers[buffer];
  const std::byte *first =
      host_.data() + record.offset + layer * record.layerStride;
  return {reinterpret_cast<const T *>(first), batch_->batch().tokens * columns};
}

std::span<const float> Session::logits(uint32_t i) const {
  const BufferRecord &record = plan_.buffers[model().logitsBuffer];
  const std::byte *first = host_.data() + record.offset;
  return {reinterpret_cast<const float *>(first) +
              uint64_t(i) * model().vocabSize,
          model().vocabSize};
}

std::span<const float> Session::hiddenTap(uint32_t layer) const {
  return hostRows<float>(model().hiddenTap, layer, model().hiddenSize);
}

std::span<const uint32_t> Session::expertsTap(uint32_t moeLayer) const {
  return hostRows<uint32_t>(model().expertsTap, moeLayer,
                            model().expertsPerToken);
}

} // namespace ds::rt
