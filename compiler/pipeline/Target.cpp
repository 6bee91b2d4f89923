// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/pipeline/Target.h"

namespace ds {

TargetDescription describeTarget(const CompileOptions &options) {
  std::string_view rows =
      options.kernels == KernelChoice::Reference ? "f32" : "bf16";
  bool isFP8 = options.activations == Activations::FP8;
  return {.activations = isFP8 ? "fp8" : rows, .rest = rows};
}

} // namespace ds
