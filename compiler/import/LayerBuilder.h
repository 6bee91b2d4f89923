// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The function of one layer kind. Private to this folder.
#pragma once
#include "compiler/checkpoint/Model.h"
#include "compiler/import/ModelBuilder.h"
#include "dialects/DS/DS.h"
#include <mlir/Dialect/Func/IR/FuncOps.h>
#include <mlir/IR/Builders.h>

namespace ds {

MLAAttr mlaOf(mlir::MLIRContext *context, const checkpoint::ModelConfig &);
RopeAttr ropeOf(mlir::MLIRContext *context, const checkpoint::ModelConfig &);

/// The arguments of every layer function, in order.
struct LayerValues {
  mlir::Value batch, residual, delta, angles, latent;
};

/// Makes ops of one layer kind from roles; knows names, widths and locations,
/// not what a layer computes.
class RoleBuilder {
public:
  RoleBuilder(mlir::OpBuilder &builder, const checkpoint::LayerTensors &layer,
              const checkpoint::ModelConfig &config);

  /// @dense.self_attn.q_a_proj
  mlir::FlatSymbolRefAttr symbol(llvm::StringRef role) const;
  bool has(llvm::StringRef role) const;
  mlir::Location location(llvm::StringRef role) const;
  /// [?, width] of f32
  mlir::RankedTensorType rows(int64_t width) const;
  mlir::FloatAttr f32(double value) const;

  /// As wide as the role's weight has rows.
  mlir::Value linear(mlir::Value input, llvm::StringRef role);
  mlir::Value rmsNorm(mlir::Value input, llvm::StringRef role, double eps);
  /// down(swiglu(gate(input), up(input))) of roles `prefix` + "gate_proj", ….
  mlir::Value feedForward(mlir::Value input, llvm::StringRef prefix);

  mlir::OpBuilder &builder;
  const checkpoint::LayerTensors &layer;
  const checkpoint::ModelConfig &config;
};

/// Attention of one layer: its output rows and the state with this batch's
/// rows.
struct AttentionResult {
  mlir::Value output, latent;
};
AttentionResult buildAttention(RoleBuilder &roles, mlir::Value input,
                               const LayerValues &values);
/// The mixture of experts of one layer.
mlir::Value buildExperts(RoleBuilder &roles, mlir::Value input,
                         const ImportOptions &options);

/// @layer_dense or @layer_moe, at the builder's place.
mlir::func::FuncOp buildLayer(mlir::OpBuilder &builder,
                              const checkpoint::LayerTensors &layer,
                              const checkpoint::ModelConfig &config,
                              const ImportOptions &options);

} // namespace ds
