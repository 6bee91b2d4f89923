// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/exec/Session.h"
#include "runtime/device/CUDADevice.h"
#include "runtime/device/ChooseLevel.h"
#include <algorithm>

namespace ds::rt {

Result<std::unique_ptr<Session>>
Session::create(const PlanFile &file, const SessionOptions &options) {
  std::unique_ptr<Session> session(new Session(file.view()));
  bool isForCPU = !file.view().isForGPU();
  std::vector<Kernel> kernels;
  uint32_t level = 0;
  if (isForCPU) {
    DS_TRY(session->loadCode(file, options, kernels));
  } else {
    DS_ASSIGN(level, session->loadDevice(file, options));
  }
  DS_ASSIGN(WeightFiles files, WeightFiles::open(file, options.weightsFolder));
  if (options.verifyWeights)
    DS_TRY(files.verify());
  session->weightFiles_.emplace(std::move(files));
  std::vector<const void *> weights;
  for (const WeightRecord &weight : session->plan_.weights)
    weights.push_back(session->weightFiles_->address(weight));
  if (isForCPU)
    DS_TRY(session->allocate(kernels, weights, options));
  else
    DS_TRY(session->allocateOnDevice(level, weights, options));
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

Result<std::unique_ptr<Session>>
Session::create(const PlanView &plan, std::unique_ptr<Device> device,
                uint32_t level, std::span<const void *const> weights,
                const SessionOptions &options) {
  std::unique_ptr<Session> session(new Session(plan));
  session->device_ = std::move(device);
  DS_TRY(session->allocateOnDevice(level, weights, options));
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

/// A device that is not there is missing for a plan.
static Status absentFor(const std::string &plan, const Status &status) {
  Status named;
  for (Error error : status.errors()) {
    if (error.code == ErrorCode::DeviceAbsent)
      error.file = plan;
    named.add(std::move(error));
  }
  return named;
}

/// Makes the device and loads the code that is for it; returns its level.
Result<uint32_t> Session::loadDevice(const PlanFile &file,
                                     const SessionOptions &options) {
  uint32_t level = 0;
  if (plan_.levels[0].kind == LevelKind::CUDA) {
    Result<std::unique_ptr<CUDADevice>> device =
        CUDADevice::open({.device = options.device});
    if (!device)
      return absentFor(file.path(), device.takeStatus());
    DS_ASSIGN(level, chooseGPULevel(plan_, (*device)->capability(),
                                    (*device)->driverVersion(),
                                    (*device)->place(), file.path(),
                                    options.level));
    device_ = std::move(*device);
  } else {
    if (!options.emulation)
      return Error{.code = ErrorCode::EmulationAbsent,
                   .file = file.path(),
                   .subject = "the plan is for the emulation of CUDA, which "
                              "this program lacks",
                   .help = "run it with dsrun-emu"};
    CPUFeatures features =
        options.features ? *options.features : CPUFeatures::host();
    DS_ASSIGN(level,
              chooseEmulatedLevel(plan_, features, file.path(), options.level));
    DS_ASSIGN(device_, options.emulation(plan_.string(plan_.levels[level].name),
                                         options.threads ? options.threads
                                                         : allowedCPUs()));
  }
  const ImageRecord &image = plan_.images[plan_.levels[level].image];
  DS_TRY(device_->load(plan_.code.subspan(image.offset, image.size)));
  return level;
}

/// What does not depend on where the plan runs. After the states.
void Session::makeBatch(const SessionOptions &options) {
  chunk_ =
      options.chunk ? std::min(options.chunk, model().chunk) : model().chunk;
  batch_.emplace(std::max(model().chunk, model().decodeTokens),
                 states_->maxSequences(), states_->numPages(),
                 model().headRows);
}

std::vector<StateAddress> Session::stateAddresses() const {
  std::vector<StateAddress> states;
  for (uint32_t i = 0; i < plan_.states.size(); ++i)
    states.push_back({states_->data(i), states_->layerBytes(i)});
  return states;
}

Status Session::allocateOnDevice(uint32_t level,
                                 std::span<const void *const> weights,
                                 const SessionOptions &options) {
  // Of what the driver takes for code, graphs and stacks of threads.
  constexpr uint64_t kDriverBytes = uint64_t(64) << 20;
  level_ = plan_.string(plan_.levels[level].name);
  States shape = States::in(nullptr, plan_);
  uint64_t batchBytes = DeviceBatch::bytesFor(
      std::max(model().chunk, model().decodeTokens), shape.maxSequences(),
      shape.numPages(), model().headRows);
  DS_ASSIGN(store_, DeviceStore::create(
                        plan_, *device_,
                        DeviceRunner::bytesFor(plan_, level, batchBytes) +
                            kDriverBytes));
  states_ = States::in(store_.state(), plan_);
  makeBatch(options);
  DS_TRY(store_.uploadWeights(plan_, *device_, weights, options.onUpload));
  DS_ASSIGN(deviceRunner_,
            DeviceRunner::create(plan_, *device_,
                                 {.level = level,
                                  .weights = store_.weights(),
                                  .states = stateAddresses(),
                                  .scratch = store_.scratch(),
                                  .host = store_.host(),
                                  .workspace = store_.workspace(),
                                  .hostCopy = store_.hostCopy(),
                                  .batchBytes = batchBytes}));
  return device_->synchronize();
}

Status Session::allocate(std::span<const Kernel> kernels,
                         std::span<const void *const> weights,
                         const SessionOptions &options) {
  const BudgetRecord &budget = plan_.budget[0];
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
  std::vector<StateAddress> states = stateAddresses();
  makeBatch(options);
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
  const BudgetRecord &budget = plan_.budget[0];
  if (device_) // which gave as much as it was asked for
    return {states_->bytes(), budget.scratch, budget.host,
            budget.workspacePerWorker};
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
  return runEntry(entry);
}

Status Session::head(std::span<const uint32_t> tokens) {
  batch_->setRows(tokens);
  return runEntry(EntryKind::Head);
}

Status Session::runEntry(EntryKind entry) {
  if (deviceRunner_)
    return deviceRunner_->run(entry, batch_->batch());
  runner_->run(entry, batch_->batch());
  return {};
}

const std::byte *Session::hostBuffer(uint32_t buffer) const {
  return (deviceRunner_ ? store_.hostCopy() : host_.data()) +
         plan_.buffers[buffer].offset;
}

template <class T>
std::span<const T> Session::hostRows(uint32_t buffer, uint64_t layer,
                                     uint64_t columns) const {
  if (buffer == kNone)
    return {};
  const std::byte *first =
      hostBuffer(buffer) + layer * plan_.buffers[buffer].layerStride;
  return {reinterpret_cast<const T *>(first), batch_->batch().tokens * columns};
}

std::span<const float> Session::logits(uint32_t i) const {
  const std::byte *first = hostBuffer(model().logitsBuffer);
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
