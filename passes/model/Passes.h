// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The passes of the model stage, in the order in which they run.
#pragma once
#include <memory>
#include <mlir/Pass/Pass.h>

namespace ds {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/model/Passes.h.inc"

} // namespace ds
