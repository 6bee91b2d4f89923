// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs an entry of a plan: a loop over records whose addresses were looked up
// once.
#pragma once
#include "kernels/base/Abi.h"
#include "runtime/device/ThreadPool.h"
#include "runtime/exec/Operands.h"

namespace ds::rt {

/// A kernel of the chosen level: code in an image, or a function of a test.
struct Kernel {
  RunFunction *run;
  TilesFunction *tiles;
};

/// What the indices in a plan mean in this process. The memory outlives the
/// runner; the spans are read at creation only.
struct Bindings {
  std::span<const Kernel> kernels;        // by kernel of a level
  std::span<const void *const> weights;   // by WeightRecord
  std::span<const StateAddress> states;   // by StateRecord
  std::byte *scratch, *host;              // of all buffers
  std::span<std::byte *const> workspaces; // by worker
};

class StepRunner {
public:
  /// `plan` has been verified. `pool` is used by one run at a time.
  StepRunner(const PlanView &plan, const Bindings &at, ThreadPool &pool);

  /// Does the plan have this entry?
  bool has(EntryKind entry) const { return !entries_[size_t(entry)].empty(); }
  /// Computes the entry's calls in order. Worker w of n computes tiles
  /// [N w / n, N (w + 1) / n) of a step; all meet where the plan says so and
  /// between calls. Allocates nothing.
  void run(EntryKind entry, const Batch &batch);

private:
  struct Step {
    Kernel kernel;
    size_t firstOperand; // in operands_
    bool meetBefore;
  };
  void append(const PlanView &plan, const Bindings &at, const CallRecord &call,
              std::vector<Step> &steps);

  ThreadPool &pool_;
  std::vector<std::byte *> workspaces_;   // by worker
  std::vector<const void *> slotWeights_; // by SLOT
  std::vector<void *> operands_;          // of all steps of all calls
  std::vector<Step> entries_[4];          // by EntryKind
};

} // namespace ds::rt
