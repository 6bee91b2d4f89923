// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/exec/BatchBuilder.h"
#include <algorithm>
#include <cassert>

namespace ds::rt {

BatchBuilder::BatchBuilder(uint32_t maxTokens, uint32_t maxSequences,
                           uint32_t maxPages, uint32_t maxRows)
    : tokenIds_(maxTokens), positions_(maxTokens), sequenceOf_(maxTokens),
      firstToken_(maxSequences + 1),
      pageTable_(size_t(maxSequences) * maxPages), rowIndex_(maxRows) {
  batch_ = {.tokens = 0,
            .sequences = 0,
            .rows = 0,
            .pagesPerSequence = maxPages,
            .tokenIds = tokenIds_.data(),
            .positions = positions_.data(),
            .sequenceOf = sequenceOf_.data(),
            .firstToken = firstToken_.data(),
            .pageTable = pageTable_.data(),
            .rowIndex = rowIndex_.data()};
}

void BatchBuilder::clear() {
  batch_.tokens = batch_.sequences = batch_.rows = 0;
}

void BatchBuilder::add(std::span<const uint32_t> tokens, uint32_t position,
                       std::span<const uint32_t> pages, uint32_t pageTokens) {
  uint32_t first = batch_.tokens, sequence = batch_.sequences;
  assert(first + tokens.size() <= tokenIds_.size() && !tokens.empty());
  assert(sequence + 1 < firstToken_.size());
  std::ranges::copy(tokens, tokenIds_.begin() + first);
  for (uint32_t i = 0; i < tokens.size(); ++i) {
    positions_[first + i] = position + i;
    sequenceOf_[first + i] = sequence;
  }
  uint32_t reached = (position + uint32_t(tokens.size()) - 1) / pageTokens + 1;
  std::ranges::copy(pages.first(reached),
                    pageTable_.begin() +
                        size_t(sequence) * batch_.pagesPerSequence);
  batch_.tokens = first + uint32_t(tokens.size());
  batch_.sequences = sequence + 1;
  firstToken_[batch_.sequences] = batch_.tokens;
}

void BatchBuilder::setRows(std::span<const uint32_t> rows) {
  assert(rows.size() <= rowIndex_.size());
  std::ranges::copy(rows, rowIndex_.begin());
  batch_.rows = uint32_t(rows.size());
}

} // namespace ds::rt
