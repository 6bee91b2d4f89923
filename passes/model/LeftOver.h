// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How a pass proves that it left none of an op behind.
#pragma once
#include <mlir/IR/Operation.h>

namespace ds {

/// Fails with an error at the first Op below `root` for which `isLeftOver`
/// holds.
template <class Op, class Predicate>
mlir::LogicalResult expectNone(mlir::Operation *root, llvm::StringRef reason,
                               Predicate isLeftOver) {
  mlir::WalkResult result = root->walk([&](Op op) {
    if (!isLeftOver(op))
      return mlir::WalkResult::advance();
    op->emitOpError() << reason;
    return mlir::WalkResult::interrupt();
  });
  return mlir::failure(result.wasInterrupted());
}

template <class Op>
mlir::LogicalResult expectNone(mlir::Operation *root, llvm::StringRef reason) {
  return expectNone<Op>(root, reason, [](Op) { return true; });
}

} // namespace ds
