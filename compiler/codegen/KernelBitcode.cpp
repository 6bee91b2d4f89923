// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/KernelBitcode.h"

namespace ds {
namespace {
constexpr char kAVX2[] = {
#embed "kernels/avx2.bc"
};
constexpr char kAVX512BF16[] = {
#embed "kernels/avx512bf16.bc"
};
} // namespace

std::span<const char> kernelBitcode(kernels::Level level) {
  if (level == kernels::Level::AVX512BF16)
    return kAVX512BF16;
  return kAVX2;
}

} // namespace ds
