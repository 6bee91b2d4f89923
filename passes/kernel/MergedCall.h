// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One call in the place of several, and the questions that merging asks.
#pragma once
#include "dialects/Kernel/Kernel.h"
#include <llvm/ADT/SmallVector.h>
#include <mlir/IR/Builders.h>
#include <mlir/IR/BuiltinOps.h>

namespace ds::kernel {

/// False for null.
bool isFamily(CallOp call, llvm::StringRef family);
/// A field of the shape that is no float; 0 where there is none.
int64_t fieldOf(CallOp call, llvm::StringRef name);
mlir::Type elementOf(mlir::Value tensor);
/// The value's one use, if that is a call of the family; or null.
CallOp soleUser(mlir::Value value, llvm::StringRef family);
/// The one call of the family among the value's users; or null.
CallOp onlyUser(mlir::Value value, llvm::StringRef family);
/// Whether the value exists where `op` stands; both are of one block.
bool isBefore(mlir::Value value, mlir::Operation *op);

/// Collects what a new call gives and what its shape is, then takes the place
/// of the old ones.
class MergedCall {
public:
  /// Stands before `place`; `old` may hold nulls.
  MergedCall(llvm::StringRef family, CallOp place, llvm::ArrayRef<CallOp> old);

  /// The next result has this value's type and replaces it.
  void addResult(mlir::Value value);
  void addResults(mlir::ValueRange values);
  void setField(llvm::StringRef name, int64_t value);
  void copyField(llvm::StringRef name, CallOp from, llvm::StringRef theirs);
  void copyFields(CallOp from, llvm::ArrayRef<llvm::StringRef> names);

  /// Makes the call and erases the old ones.
  CallOp replace(mlir::ValueRange inputs, mlir::ArrayAttr weights);
  CallOp replace(mlir::ValueRange inputs,
                 llvm::ArrayRef<mlir::Attribute> weights,
                 llvm::ArrayRef<mlir::Attribute> moreWeights);

private:
  llvm::StringRef family_;
  mlir::OpBuilder builder_;
  llvm::SmallVector<CallOp> old_; // in the order of the block
  llvm::SmallVector<mlir::Value> results_;
  llvm::SmallVector<mlir::NamedAttribute> fields_;
};

} // namespace ds::kernel
