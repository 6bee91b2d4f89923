// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The translation unit of a plan's kernels for one CUDA architecture.
#pragma once
#include "compiler/codegen/Codegen.h"
#include "compiler/codegen/KernelSources.h"
#include "kernels/LaunchTable.h"

namespace ds {

/// The name of the function that the n-th launch of a kernel of the plan calls:
/// "k3_linear_bf16_bf16_cuda", of a second launch "k3_…_then".
std::string launchSymbol(size_t kernel, const kernels::KernelRow &row,
                         size_t launch);

/// The launches of every instance, in order. Of rows for GPUs only.
std::vector<std::vector<BoundLaunch>>
boundLaunches(std::span<const KernelInstance> instances);

/// One C++ text that needs no other file: the headers, then a function for each
/// launch of each instance, in order, with the shape as a constant. nvcc, NVRTC
/// and, for the emulation, a C++ compiler take it as it is. Rows of the level
/// only. Errors: InternalError for a row without launches, a shape that cannot
/// be written, a header that is missing.
Result<std::string>
cudaSource(const kernels::LevelInfo &level,
           std::span<const KernelInstance> instances,
           std::span<const KernelSource> sources = kernelSources());

} // namespace ds
