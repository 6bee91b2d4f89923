// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/text/BytePairEncoder.h"
#include <algorithm>
#include <gtest/gtest.h>
#include <numeric>
#include <random>
#include <set>

namespace ds::rt {
namespace {

/// As the rule reads: of all pairs the one of lowest rank, the leftmost of
/// those, until none has a rank.
std::vector<uint32_t> modelled(std::span<const MergeRecord> merges,
                               std::string_view piece) {
  std::vector<uint32_t> ids(piece.begin(), piece.end());
  for (;;) {
    size_t best = merges.size(), place = 0;
    for (size_t at = 0; at + 1 < ids.size(); ++at)
      for (size_t rank = 0; rank < best; ++rank)
        if (merges[rank].left == ids[at] && merges[rank].right == ids[at + 1]) {
          best = rank;
          place = at;
        }
    if (best == merges.size())
      return ids;
    ids[place] = merges[best].result;
    ids.erase(ids.begin() + ptrdiff_t(place) + 1);
  }
}

/// Merges of distinct pairs in no order: a merge may rank before those that
/// make its sides, as no training would give it.
std::vector<MergeRecord> randomMerges(std::mt19937 &random) {
  std::vector<MergeRecord> merges;
  std::set<std::pair<uint32_t, uint32_t>> pairs;
  std::vector<uint32_t> ids = {'a', 'b', 'c'};
  for (uint32_t result = 256; result < 290; ++result) {
    uint32_t left = ids[random() % ids.size()],
             right = ids[random() % ids.size()];
    if (!pairs.insert({left, right}).second)
      continue;
    merges.push_back({left, right, result});
    ids.push_back(result);
  }
  std::ranges::shuffle(merges, random);
  return merges;
}

// Pieces of three letters, so that runs and ties are common, have the ids of
// the rule.
TEST(BytePairEncoder, equals_the_model_on_random_tables) {
  std::vector<uint32_t> bytes(256);
  std::iota(bytes.begin(), bytes.end(), 0u);
  std::mt19937 random(21);
  BytePairEncoder::Scratch scratch; // one for all, as an encoding keeps it
  for (int i = 0; i < 300; ++i) {
    std::vector<MergeRecord> merges = randomMerges(random);
    BytePairEncoder encoder(bytes, merges);
    ASSERT_TRUE(encoder.isUnambiguous());
    for (int k = 0; k < 20; ++k) {
      std::string piece(1 + random() % 60, 'a');
      for (char &letter : piece)
        letter = char('a' + random() % (1 + k % 3));
      std::vector<uint32_t> ids;
      encoder.encode(piece, scratch, ids);
      EXPECT_EQ(ids, modelled(merges, piece)) << piece;
    }
  }
}

} // namespace
} // namespace ds::rt
