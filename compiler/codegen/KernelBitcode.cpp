// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/KernelBitcode.h"

namespace ds {
namespace {
constexpr char kAVX2[] = {
#embed "kernels/avx2.bc"
};
constexpr char kAVX512[] = {
#embed "kernels/avx512.bc"
};
constexpr char kAVX512BF16[] = {
#embed "kernels/avx512bf16.bc"
};
} // namespace

std::span<const char> kernelBitcode(kernels::Level level) {
  switch (level) {
  case kernels::Level::AVX512BF16:
    return kAVX512BF16;
  case kernels::Level::AVX512:
    return kAVX512;
  default:
    return kAVX2;
  }
}

} // namespace ds
