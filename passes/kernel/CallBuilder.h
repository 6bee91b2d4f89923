// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One op of the model to one call of a kernel family.
#pragma once
#include "dialects/DS/DS.h"
#include "dialects/Kernel/Kernel.h"
#include <mlir/IR/Builders.h>
#include <mlir/IR/BuiltinOps.h>
#include <variant>

namespace ds::kernel {

/// A field of a shape: its name and its value.
struct Field {
  llvm::StringRef name;
  std::variant<int64_t, mlir::FloatAttr> value;
};

/// What stands behind a value: the whole value, or columns of another.
struct Columns {
  mlir::Value whole;
  int64_t stride; // columns of the whole
  int64_t offset; // first column
};
Columns columnsOf(mlir::Value value);

/// Makes the calls. Ops of the model stay where they are, with their results
/// replaced by those of the calls.
class CallBuilder {
public:
  /// `context`: tokens that the states hold, all sequences together.
  CallBuilder(mlir::ModuleOp module, const mlir::SymbolTable &symbols,
              uint32_t context)
      : module_(module), symbols_(symbols), builder_(module.getContext()),
        context_(context) {}

  /// `maxTokens`: most tokens of one run of the function at hand.
  void enter(uint32_t maxTokens) { maxTokens_ = maxTokens; }
  /// Fails with an error where no kernel computes the op.
  mlir::LogicalResult convert(mlir::Operation *op);

private:
  mlir::LogicalResult convertRows(mlir::Operation *op);
  mlir::LogicalResult convertAttention(mlir::Operation *op);
  mlir::LogicalResult convertExperts(mlir::Operation *op);

  /// Replaces the results of `op` by those of a new call.
  mlir::LogicalResult replace(mlir::Operation *op, llvm::StringRef family,
                              mlir::ValueRange inputs,
                              llvm::ArrayRef<mlir::Attribute> weights,
                              llvm::ArrayRef<Field> shape);
  CallOp call(mlir::Operation *op, llvm::StringRef family,
              mlir::TypeRange results, mlir::ValueRange inputs,
              llvm::ArrayRef<mlir::Attribute> weights,
              llvm::ArrayRef<Field> shape, llvm::StringRef tap = {});
  llvm::SmallVector<Field> linearShape(mlir::ArrayAttr weights, bool headRows);
  mlir::LogicalResult gate(mlir::Operation *op, mlir::Value logits,
                           mlir::FlatSymbolRefAttr bias, GateAttr gate);
  mlir::FlatSymbolRefAttr constant(mlir::Operation *user,
                                   llvm::ArrayRef<float> values);
  llvm::ArrayRef<int64_t> shapeOf(mlir::Attribute weight);
  /// Tokens of a page of the module's states.
  int64_t pageTokens();

  mlir::ModuleOp module_;
  const mlir::SymbolTable &symbols_;
  mlir::OpBuilder builder_;
  uint32_t context_;
  uint32_t maxTokens_ = 0;
};

} // namespace ds::kernel
