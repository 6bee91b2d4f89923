// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The operands of a row for a run: what a GPU row takes, and the same for the
// reference row of the family.
#pragma once
#include "kernels/Catalog.h"
#include "kernels/base/Abi.h"
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace ds::day {

/// One decode token for each of up to 128 sequences, each with tokens before
/// it; all together are within the `context` of the shapes (Shapes.def).
struct Run {
  static constexpr uint32_t kPast = 500, kPageTokens = 64;
  static constexpr uint32_t kPages = (kPast + kPageTokens) / kPageTokens;

  explicit Run(uint32_t tokens);
  Batch view() const; // of host memory

  uint32_t tokens;
  std::vector<uint32_t> tokenIds, positions, sequenceOf, firstToken, pageTable,
      rowIndex;
};

enum class Element { F32, BF16, U32, F8 };
using Bytes = std::vector<uint8_t>;

struct Operand {
  /// What the GPU row takes; the reference's, where it is something else.
  std::shared_ptr<Bytes> device, reference;
  bool isOutput = false; // then of elements:
  Element onDevice = Element::F32, inReference = Element::F32;
  /// A weight list: the bytes that its entries point to; `device` is unused.
  std::vector<std::shared_ptr<Bytes>> list;
};

/// In contract order. Empty for a family that is not described here.
std::vector<Operand> operandsOf(const kernels::KernelRow &row,
                                const void *shape, const Run &run);

/// The reference row that takes these operands, or null.
const kernels::KernelRow *referenceOf(const kernels::KernelRow &row);

} // namespace ds::day
