// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The passes that make kernel calls out of the model and choose their rows.
#pragma once
#include "dialects/Kernel/Kernel.h"
#include <mlir/IR/BuiltinOps.h>
#include <mlir/Pass/Pass.h>

namespace ds::kernel {

#define GEN_PASS_DECL
#include "passes/kernel/Passes.h.inc"
/// registerKernelPasses() makes them known to dsc-opt.
#define GEN_PASS_REGISTRATION
#include "passes/kernel/Passes.h.inc"

} // namespace ds::kernel
