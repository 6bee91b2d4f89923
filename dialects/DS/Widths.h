// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the verifiers of this dialect's ops share. Private to the folder.
#pragma once
#include "dialects/DS/DS.h"

namespace ds {

/// Values of one row: the last dimension.
inline int64_t widthOf(mlir::Value rows) {
  return llvm::cast<mlir::RankedTensorType>(rows.getType()).getShape().back();
}
inline mlir::Type elementOf(mlir::Value rows) {
  return llvm::cast<mlir::RankedTensorType>(rows.getType()).getElementType();
}

/// `what` ("query rows") hold `found` values, or the op's error.
mlir::LogicalResult expectWidth(mlir::Operation *op, llvm::StringRef what,
                                int64_t found, int64_t expected);
/// `codes` is e4m3 where there are `scales`, one per row and 128 columns; else it
/// is not.
mlir::LogicalResult expectScales(mlir::Operation *op, mlir::Value codes,
                                 mlir::Value scales);
/// One to four weights, as kernels/linear/linear.h takes.
mlir::LogicalResult expectParts(mlir::Operation *op, mlir::ArrayAttr weights);
/// Weights of one input whose outputs stand beside each other.
llvm::SmallVector<WeightUse> sideBySide(mlir::ArrayAttr weights,
                                        int64_t rowsTogether, int64_t width,
                                        int64_t count, mlir::Type activation);

} // namespace ds
