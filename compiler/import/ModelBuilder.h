// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Typed values of a checkpoint to IR of the model dialect.
#pragma once
#include "compiler/checkpoint/Model.h"
#include <mlir/IR/BuiltinOps.h>
#include <mlir/IR/OwningOpRef.h>

namespace ds {

/// What a run gives out beside logits (`--taps`); no value changes by it.
struct ImportOptions {
  bool tapHidden = false;  // the input of each layer and the last output
  bool tapExperts = false; // the experts chosen per token
};

/// Rows of a page of a state.
constexpr int64_t kPageTokens = 64;

/// The module of `model`: one ds.weight per layer kind and role, the state
/// @latent, @forward, @head and one function per layer kind; all values f32.
/// `model` is complete, as readModel gives it. The MTP layers are left out.
/// Every op's location names what it comes from ("layers.moe.mlp.gate").
mlir::OwningOpRef<mlir::ModuleOp> importModel(mlir::MLIRContext &context,
                                              const checkpoint::Model &model,
                                              const ImportOptions &options);

} // namespace ds
