// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "dialects/Kernel/Kernel.h"
#include "dialects/Plan/Plan.h"
#include <llvm/ADT/MapVector.h>
#include <mlir/IR/Builders.h>
#include <mlir/IR/BuiltinOps.h>
#include <string>

namespace ds::plan {

/// Largest runs, what the leading `?` of a type stands for.
struct RunSizes {
  uint32_t chunk, decodeTokens, headRows;
};

/// The weights of one layer kind and the slots they have been given.
struct RowTable {
  std::string name;
  llvm::SmallVector<mlir::Attribute> weights; // as in plan.row
  llvm::DenseMap<mlir::Attribute, uint32_t> firstSlot;
  uint32_t slots = 0;
  llvm::SmallVector<int32_t> layers; // empty: the row of the whole model
};

/// What the bodies of a plan share while they are made: buffers, kernels, rows.
/// Ops are appended to the module; `finish` puts them in order.
class PlanTables {
public:
  PlanTables(mlir::ModuleOp module, RunSizes sizes);

  const RunSizes &sizes() const { return sizes_; }

  /// The pinned buffer of argument `position` of a layer body, as large as the
  /// largest run needs.
  mlir::FailureOr<mlir::FlatSymbolRefAttr> pinned(mlir::Operation *user,
                                                  unsigned position,
                                                  mlir::Type type);
  /// A buffer of its own, or the next value of the pinned buffer `place`.
  mlir::FlatSymbolRefAttr scratch(const llvm::Twine &name, mlir::Location where,
                                  uint64_t size, mlir::FlatSymbolRefAttr place);
  /// One for all who ask for the name; `layerStride` 0: no slices.
  mlir::FlatSymbolRefAttr host(llvm::StringRef name, mlir::Location where,
                               uint64_t size, uint64_t layerStride);

  /// The plan.kernel of the call's variants and shape.
  mlir::FailureOr<mlir::FlatSymbolRefAttr> kernelOf(kernel::CallOp call);

  /// The row of a layer kind, or of the whole model ("globals").
  RowTable &row(llvm::StringRef kind);
  /// Appends the call's weight operands.
  mlir::LogicalResult addSlots(kernel::CallOp call, RowTable &row,
                               llvm::SmallVectorImpl<mlir::Attribute> &args);

  /// Puts model, weights, states, buffers, kernels, rows at the module's end.
  mlir::LogicalResult finish();

private:
  mlir::LogicalResult makeModel();

  mlir::ModuleOp module_;
  RunSizes sizes_;
  mlir::OpBuilder builder_; // at the module's end
  mlir::SymbolTable symbols_;
  llvm::SmallVector<BufferOp> pinned_, scratch_;
  llvm::MapVector<mlir::StringAttr, BufferOp> host_;
  llvm::MapVector<std::pair<mlir::Attribute, mlir::Attribute>, KernelOp>
      kernels_; // by rows and shape
  llvm::StringMap<uint32_t> kernelsOfFamily_;
  llvm::SmallVector<std::unique_ptr<RowTable>> rows_;
};

/// Bytes of a tensor whose leading `?` is `rows`.
uint64_t bytesOf(mlir::Type type, uint64_t rows);

} // namespace ds::plan
