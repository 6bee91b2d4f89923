// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Every row of the table, compiled for this machine, by name. Rows for GPUs run
// on the emulation.
#pragma once
#include "kernels/Catalog.h"
#include "kernels/base/Abi.h"
#include <vector>

namespace ds::kernels::test {

struct NativeKernel {
  KernelRow row;
  void (*run)(const void *shape, const Call *call, uint32_t tileBegin,
              uint32_t tileEnd);
  uint32_t (*tiles)(const void *shape, const Batch *batch);

  bool isEmulated() const { return row.level >= Level::CUDA; }
  /// Bytes of Call::workspace.
  uint64_t workspace(const void *shape) const;
  /// Whether tiles can be dealt out in any way: not where a second launch
  /// follows all of them.
  bool canSplit() const;
};

/// Aborts where there is none.
const NativeKernel &nativeKernel(std::string_view name);

/// All rows of a family that this CPU can run.
std::vector<NativeKernel> runnableKernels(std::string_view family);

/// Whether this CPU has the features of the level.
bool canRun(Level level);

} // namespace ds::kernels::test
