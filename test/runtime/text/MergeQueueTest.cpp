// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/text/MergeQueue.h"
#include <gtest/gtest.h>
#include <random>
#include <set>

namespace ds::rt {
namespace {

// Whatever is pushed when, in order, out of order or twice: the lowest rank
// comes out, of one rank the leftmost.
TEST(MergeQueue, gives_the_lowest_rank_and_leftmost_first) {
  std::mt19937 random(5);
  MergeQueue queue;
  for (uint32_t ranks : {1u, 3u, 1000u, 0xfffffffeu}) {
    std::multiset<std::pair<uint32_t, uint32_t>> model;
    queue.restart();
    for (int i = 0; i < 20000; ++i) {
      if (model.empty() || random() % 5 < (i < 12000 ? 3 : 2)) {
        MergeQueue::Pair pair{uint32_t(random()) % ranks,
                              uint32_t(random()) >> (random() % 32)};
        queue.push(pair);
        model.insert({pair.rank, pair.at});
      } else {
        MergeQueue::Pair pair = queue.pop();
        EXPECT_EQ(std::pair(pair.rank, pair.at), *model.begin());
        model.erase(model.begin());
      }
      ASSERT_EQ(queue.empty(), model.empty());
    }
    for (; !queue.empty(); model.erase(model.begin()))
      EXPECT_EQ(queue.pop().at, model.begin()->second);
  }
}

} // namespace
} // namespace ds::rt
