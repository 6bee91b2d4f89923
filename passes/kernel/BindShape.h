// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "dialects/Kernel/Kernel.h"
#include "kernels/Catalog.h"
#include <llvm/ADT/SmallVector.h>
#include <mlir/IR/BuiltinAttributes.h>
#include <mlir/IR/Operation.h>

namespace ds::kernel {

/// The family's shape struct: one 4-byte word per field, floats by their bits.
using ShapeWords = llvm::SmallVector<uint32_t, 12>;

/// Looks every field of the family up in `shape`. Fails with an error at `op`
/// where a field is missing, has the other type, or is not the family's.
llvm::FailureOr<ShapeWords> bindShape(mlir::Operation *op,
                                      const kernels::Family &family,
                                      mlir::DictionaryAttr shape);

/// A call's family of the kernel table, and its shape.
struct BoundCall {
  const kernels::Family *family;
  ShapeWords words;
};
/// The same for a call; fails also where it names no family.
llvm::FailureOr<BoundCall> bindCall(CallOp call);

} // namespace ds::kernel
