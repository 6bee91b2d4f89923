// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Where the rows of a paged state lie.
#pragma once
#include "kernels/base/Abi.h"
#include "kernels/base/Inline.h"

namespace ds::kernels {

/// The first row of page `page` of a sequence, counted from its first token.
template <class A>
DS_INLINE const A *pageRows(const A *state, const Batch &batch,
                            uint32_t sequence, uint32_t page,
                            uint32_t pageTokens, uint32_t rowElements) {
  const uint32_t place =
      batch.pageTable[size_t(sequence) * batch.pagesPerSequence + page];
  return state + size_t(place) * pageTokens * rowElements;
}

} // namespace ds::kernels
