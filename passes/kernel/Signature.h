// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "dialects/Kernel/Kernel.h"
#include "kernels/Catalog.h"
#include <cstdint>
#include <llvm/ADT/ArrayRef.h>
#include <llvm/ADT/SmallVector.h>
#include <optional>

namespace ds::kernel {

/// What a contract says about one operand.
struct Operand {
  enum Element { F32, BF16, Codes, A, I32, AnyWord, State } element;
  uint64_t values;      // per token (or row of the head); of a state: per row
  bool isFixed = false; // `values` are all, whatever the tokens
  /// Columns of a row of an A that may be codes; their scales follow then.
  uint64_t columns = 0;
};

/// The operands of a contract for one shape, in its order.
struct Signature {
  llvm::SmallVector<Operand> inputs, outputs;
  llvm::SmallVector<llvm::SmallVector<int64_t, 2>> weights;
  uint32_t listOf = 0;                   // weights are lists of that many
  bool changesState = false;             // the state comes back as a result
  std::optional<Encoding> encoding = {}; // of the weights; none: the row's
};

/// None where the family is not known.
std::optional<Signature> signatureOf(llvm::StringRef family,
                                     llvm::ArrayRef<uint32_t> shape);

/// Puts the scales of codes behind every A that has codes in this call.
void addScales(Signature &signature, CallOp call);

/// The contract's A, which is one for the whole call and its state; null where
/// it has none. Fails with an error where the call mixes two.
mlir::FailureOr<mlir::Type> activationOf(CallOp call,
                                         const Signature &signature);
/// The same as rows of the table have it; None for null.
kernels::Activation activationOf(mlir::Type element);

} // namespace ds::kernel
