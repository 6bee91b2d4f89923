// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A plan at work for one caller, on the CPU or on a device: states, arena, host
// buffers and workspaces, all allocated at creation. Runs allocate nothing.
#pragma once
#include "runtime/base/Status.h"
#include "runtime/device/CPUFeatures.h"
#include "runtime/device/CodeImage.h"
#include "runtime/device/Memory.h"
#include "runtime/device/ThreadPool.h"
#include "runtime/device/WeightFiles.h"
#include "runtime/exec/BatchBuilder.h"
#include "runtime/exec/DeviceRunner.h"
#include "runtime/exec/DeviceStore.h"
#include "runtime/exec/States.h"
#include "runtime/exec/StepRunner.h"
#include "runtime/plan/PlanFile.h"
#include <memory>
#include <optional>

namespace ds::rt {

/// Makes the device of plans for the emulation: code of level "sm_90a" on so
/// many threads.
using MakeEmulation = Result<std::unique_ptr<Device>> (*)(
    std::string_view level, uint32_t threads);

struct SessionOptions {
  uint32_t threads = 0;        // 0: one for each CPU this process may use
  uint32_t chunk = 0;          // most tokens of a prefill run; 0: the plan's
  std::string weightsFolder{}; // empty: where the plan says
  std::string level{};         // of code; empty: the best this CPU has
  bool verifyWeights = false;  // compare all weights with their digests
  const CPUFeatures *features = nullptr; // null: this machine's; set by tests
  uint32_t device = 0;                   // the CUDA device's number
  MakeEmulation emulation = nullptr;     // null: this program has none
  UploadProgress onUpload{};             // of weights to a device; may be empty
};

/// Consecutive tokens of one sequence, to follow those it has already.
struct SequenceTokens {
  SequenceId sequence;
  std::span<const uint32_t> tokens;
};

/// Bytes that a session holds by itself; weights are mapped files.
struct MemoryUse {
  uint64_t state, scratch, host, workspace; // workspace: of all workers
};

class Session {
public:
  /// Chooses a level, maps code and weights, or loads them to a device. `plan`
  /// outlives the session. Errors: those of chooseLevel() and its twins (8, 2),
  /// CodeImage::load() (8), Device (8, 9) and WeightFiles::open() and verify()
  /// (2, 5, 7); too little memory (6); EmulationAbsent (8).
  static Result<std::unique_ptr<Session>> create(const PlanFile &plan,
                                                 const SessionOptions &options);
  /// The same with code and weights from elsewhere: kernels by number,
  /// addresses by WeightRecord.
  static Result<std::unique_ptr<Session>>
  create(const PlanView &plan, std::span<const Kernel> kernels,
         std::span<const void *const> weights, const SessionOptions &options);

  /// The same on a device that has loaded the code of a level of the plan.
  static Result<std::unique_ptr<Session>>
  create(const PlanView &plan, std::unique_ptr<Device> device, uint32_t level,
         std::span<const void *const> weights, const SessionOptions &options);

  const PlanView &plan() const { return plan_; }
  const ModelRecord &model() const { return plan_.model[0]; }
  /// Most tokens of a prefill run.
  uint32_t chunk() const { return chunk_; }
  /// Workers of the CPU; 0 on a device.
  uint32_t threads() const { return pool_ ? pool_->workers() : 0; }
  /// Null on the CPU.
  const Device *device() const { return device_.get(); }
  /// Name of the level whose code runs; empty with kernels from elsewhere.
  std::string_view level() const { return level_; }
  MemoryUse memoryUse() const;
  const States &states() const { return *states_; }

  /// Reserves pages for `maxTokens` tokens, see States::add.
  Result<SequenceId> addSequence(uint32_t maxTokens);
  void removeSequence(SequenceId sequence) { states_->remove(sequence); }

  /// Appends tokens of prompts, at most chunk() in all. Tokens of the run are
  /// numbered from 0 in the order given. Errors: no tokens of a sequence, or an
  /// id beyond the vocabulary (3), more tokens than reserved (6): nothing has
  /// changed then; of a device (9): the session is of no more use.
  Status prefill(std::span<const SequenceTokens> tokens);
  /// Appends one generated token to each of at most model().decodeTokens
  /// sequences. Errors as prefill.
  Status decode(std::span<const SequenceTokens> tokens);
  /// Computes logits of tokens of the last run: at most model().headRows
  /// numbers below its tokens, in any order. Errors: of a device (9).
  Status head(std::span<const uint32_t> tokens);
  /// f32 [vocabSize] of the i-th token of the last head(); valid until the
  /// next.
  std::span<const float> logits(uint32_t i) const;

  /// Of the last prefill; empty without the tap. hidden: f32 [T, hiddenSize],
  /// the input of layer 0 .. numLayers - 1, then the last output. experts: u32
  /// [T, expertsPerToken] of MoE layer 0 .. numMoeLayers - 1.
  std::span<const float> hiddenTap(uint32_t layer) const;
  std::span<const uint32_t> expertsTap(uint32_t moeLayer) const;

private:
  Session(const PlanView &plan) : plan_(plan) {}
  Status loadCode(const PlanFile &file, const SessionOptions &options,
                  std::vector<Kernel> &kernels);
  Result<uint32_t> loadDevice(const PlanFile &file,
                              const SessionOptions &options);
  Status allocate(std::span<const Kernel> kernels,
                  std::span<const void *const> weights,
                  const SessionOptions &options);
  Status allocateOnDevice(uint32_t level, std::span<const void *const> weights,
                          const SessionOptions &options);
  void makeBatch(const SessionOptions &options);
  std::vector<StateAddress> stateAddresses() const;
  const std::byte *hostBuffer(uint32_t buffer) const;
  Status run(EntryKind entry, std::span<const SequenceTokens> tokens,
             uint32_t maxTokens);
  Status runEntry(EntryKind entry);
  Status check(std::span<const SequenceTokens> tokens,
               uint32_t maxTokens) const;
  template <class T>
  std::span<const T> hostRows(uint32_t buffer, uint64_t layer,
                              uint64_t columns) const;

  PlanView plan_;
  uint32_t chunk_ = 0;
  std::string_view level_;
  std::optional<CodeImage> code_;
  std::optional<WeightFiles> weightFiles_;
  Memory scratch_, host_;
  std::vector<Memory> workspaces_; // by worker
  std::optional<States> states_;
  std::optional<ThreadPool> pool_;
  std::optional<BatchBuilder> batch_;
  std::optional<StepRunner> runner_;
  std::unique_ptr<Device> device_;
  DeviceStore store_;
  std::unique_ptr<DeviceRunner> deviceRunner_; // or runner_
};

} // namespace ds::rt
