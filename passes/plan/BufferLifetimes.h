// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "dialects/Plan/Plan.h"
#include <llvm/ADT/DenseMap.h>
#include <mlir/IR/BuiltinOps.h>

namespace ds::plan {

/// When the scratch buffers of a body live. Time is counted in barriers: steps
/// between the same two run in any order, so their buffers live together.
class BufferLifetimes {
public:
  struct Lifetime {
    BodyOp body;          // null: no step uses it
    uint32_t first, last; // barriers passed at the first and the last use
  };

  BufferLifetimes(mlir::Operation *module);

  Lifetime of(BufferOp buffer) const;
  /// The buffers of a body that are neither pinned nor in a pinned one, in the
  /// order of their first use.
  llvm::ArrayRef<BufferOp> buffersOf(BodyOp body) const;
  /// A buffer that two bodies use; null if all is well.
  BufferOp shared() const { return shared_; }

private:
  llvm::DenseMap<mlir::Operation *, Lifetime> lifetimes_;
  llvm::DenseMap<mlir::Operation *, llvm::SmallVector<BufferOp>> buffers_;
  BufferOp shared_;
};

} // namespace ds::plan
