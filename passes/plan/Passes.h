// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The passes that make a plan out of kernel calls.
#pragma once
#include "dialects/Plan/Plan.h"
#include <mlir/IR/BuiltinOps.h>
#include <mlir/Pass/Pass.h>

namespace ds::plan {

/// Where buffers may start, bytes.
inline constexpr uint64_t kBufferAlignment = 64;

#define GEN_PASS_DECL
#include "passes/plan/Passes.h.inc"
/// registerPlanPasses() makes them known to dsc-opt.
#define GEN_PASS_REGISTRATION
#include "passes/plan/Passes.h.inc"

} // namespace ds::plan
