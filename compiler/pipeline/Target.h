// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the passes know about the machine that a plan is made for. The one place
// where options become facts of a target; passes see nothing else of it.
#pragma once
#include "compiler/Options.h"
#include <string_view>

namespace ds {

struct TargetDescription {
  std::string_view activations; // of ds-place-quantization: bf16, f32 or fp8
  std::string_view rest;        // with fp8, what is not quantised: bf16 or f32
};

TargetDescription describeTarget(const CompileOptions &options);

} // namespace ds
