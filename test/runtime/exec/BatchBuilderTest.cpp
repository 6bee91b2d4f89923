// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/exec/BatchBuilder.h"
#include <gtest/gtest.h>

using namespace ds;
using namespace ds::rt;

namespace {

std::vector<uint32_t> list(const uint32_t *from, size_t count) {
  return {from, from + count};
}

// Every array of the batch says what Abi.h promises, for sequences of unequal
// length that begin at unequal positions.
TEST(BatchBuilderTest, fillsTheRaggedArrays) {
  BatchBuilder builder(8, 3, 4, 2);
  std::vector<uint32_t> first = {7, 8, 9}, second = {5}, third = {1, 2};
  std::vector<uint32_t> pages = {3, 1}, otherPages = {0, 2, 5, 4};
  builder.add(first, 0, pages, 4);
  builder.add(second, 9, otherPages, 4);
  builder.add(third, 3, pages, 4);
  builder.setRows(std::vector<uint32_t>{5, 2});
  const Batch &batch = builder.batch();
  EXPECT_EQ(batch.tokens, 6u);
  EXPECT_EQ(batch.sequences, 3u);
  EXPECT_EQ(batch.pagesPerSequence, 4u);
  EXPECT_EQ(list(batch.tokenIds, 6), (std::vector<uint32_t>{7, 8, 9, 5, 1, 2}));
  EXPECT_EQ(list(batch.positions, 6),
            (std::vector<uint32_t>{0, 1, 2, 9, 3, 4}));
  EXPECT_EQ(list(batch.sequenceOf, 6),
            (std::vector<uint32_t>{0, 0, 0, 1, 2, 2}));
  EXPECT_EQ(list(batch.firstToken, 4), (std::vector<uint32_t>{0, 3, 4, 6}));
  EXPECT_EQ(batch.pageTable[0], 3u);
  EXPECT_EQ(list(batch.pageTable + 4, 3), (std::vector<uint32_t>{0, 2, 5}));
  EXPECT_EQ(list(batch.pageTable + 8, 2), (std::vector<uint32_t>{3, 1}));
  EXPECT_EQ(batch.rows, 2u);
  EXPECT_EQ(list(batch.rowIndex, 2), (std::vector<uint32_t>{5, 2}));
}

// A cleared builder begins anew in the same memory.
TEST(BatchBuilderTest, clearKeepsTheArrays) {
  BatchBuilder builder(4, 2, 1, 1);
  std::vector<uint32_t> tokens = {1, 2, 3}, page = {0};
  builder.add(tokens, 0, page, 4);
  const uint32_t *ids = builder.batch().tokenIds;
  builder.clear();
  EXPECT_EQ(builder.batch().tokens, 0u);
  builder.add(std::span(tokens).last(1), 3, page, 4);
  EXPECT_EQ(builder.batch().tokens, 1u);
  EXPECT_EQ(builder.batch().tokenIds, ids);
  EXPECT_EQ(ids[0], 3u);
  EXPECT_EQ(builder.batch().firstToken[1], 1u);
}

} // namespace
