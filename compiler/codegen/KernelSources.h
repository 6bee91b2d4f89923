// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The headers of kernels/ that CUDA code is made of, as they were when dsc was
// built.
#pragma once
#include <span>
#include <string_view>

namespace ds {

struct KernelSource {
  std::string_view path; // "kernels/linear/cuda.cuh", as #include spells it
  std::string_view text;
};

/// By path.
std::span<const KernelSource> kernelSources();

} // namespace ds
