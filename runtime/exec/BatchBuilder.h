// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The ragged batch of one run, in arrays that are allocated once.
#pragma once
#include "kernels/base/Abi.h"
#include <cstdint>
#include <span>
#include <vector>

namespace ds::rt {

class BatchBuilder {
public:
  /// Room for runs of up to so many tokens, sequences, pages of a sequence,
  /// and rows of the head.
  BatchBuilder(uint32_t maxTokens, uint32_t maxSequences, uint32_t maxPages,
               uint32_t maxRows);

  void clear();
  /// Appends the next tokens of one sequence, the first of them at `position`.
  /// Pages that these tokens do not reach are left out.
  void add(std::span<const uint32_t> tokens, uint32_t position,
           std::span<const uint32_t> pages, uint32_t pageTokens);
  /// The tokens of this run that the head is to work on.
  void setRows(std::span<const uint32_t> rows);
  /// Valid until the next clear() or add(); setRows() shows in it.
  const Batch &batch() const { return batch_; }

private:
  Batch batch_{};
  std::vector<uint32_t> tokenIds_, positions_, sequenceOf_, firstToken_,
      pageTable_, rowIndex_;
};

} // namespace ds::rt
