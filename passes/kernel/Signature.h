// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "dialects/Kernel/Kernel.h"
#include <cstdint>
#include <llvm/ADT/ArrayRef.h>
#include <llvm/ADT/SmallVector.h>
#include <optional>

namespace ds::kernel {

/// What a contract says about one operand.
struct Operand {
  enum Element { F32, A, I32, AnyWord, State } element;
  uint64_t values;  // per token (or row of the head); of a state: per row
  bool isFixed = false; // `values` are all, whatever the tokens
};

/// The operands of a contract for one shape, in its order.
struct Signature {
  llvm::SmallVector<Operand> inputs, outputs;
  llvm::SmallVector<llvm::SmallVector<int64_t, 2>> weights;
  uint32_t listOf = 0;       // weights are lists of that many
  bool changesState = false; // the state comes back as a result
  std::optional<Encoding> encoding = {}; // of the weights; none: the row's
};

/// None where the family is not known.
std::optional<Signature> signatureOf(llvm::StringRef family,
                                     llvm::ArrayRef<uint32_t> shape);

} // namespace ds::kernel
