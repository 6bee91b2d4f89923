// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The passes of each stage, in order.
#pragma once
#include "compiler/Options.h"
#include "runtime/base/Status.h"
#include <mlir/IR/BuiltinOps.h>
#include <string>

namespace ds {

inline constexpr uint32_t kDecodeTokens = 64; // most sequences of a decode run
inline constexpr uint32_t kHeadRows = 16;     // most rows of a head run

/// The stage's passes as dsc-opt takes them:
/// `builtin.module(ds-verify-model,…)`; empty for stages without passes
/// (import, code).
std::string passesOf(Stage stage, const CompileOptions &options);

/// Runs the stage's passes. What MLIR reports becomes the status
/// (PassFailed, with the location that the importer gave the op).
Status runStage(mlir::ModuleOp module, Stage stage,
                const CompileOptions &options);

/// Makes the dialects and passes of all rooms known, once.
void registerEverything(mlir::DialectRegistry &registry);

} // namespace ds
