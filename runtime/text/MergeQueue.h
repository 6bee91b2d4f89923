// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Pairs that wait to be merged: the lowest rank first, of equals the leftmost.
//
// A radix heap (Ahuja, Mehlhorn, Orlin, Tarjan 1990): merges come mostly in
// ascending order, and then a pair only ever moves to a lower bucket, front to
// back through memory. A binary heap of megabytes misses the cache at each
// level. What comes out of order, as merge tables may make it, waits in a
// binary heap of its own.
#pragma once
#include <algorithm>
#include <bit>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

namespace ds::rt {

class MergeQueue {
public:
  struct Pair {
    uint32_t rank, at; // `at`: the place of the left symbol
  };

  bool empty() const { return filled_ == 0 && late_.empty(); }
  /// Forgets the order of what came out. Only when empty.
  void restart() { last_ = 0; }

  void push(Pair pair) {
    insert((uint64_t(pair.rank) << 32 | pair.at) + 1); // 0 is before all
  }

  /// Only when not empty.
  Pair pop() {
    uint64_t key = late_.empty() ? popBucket() : popLate();
    return {uint32_t((key - 1) >> 32), uint32_t(key - 1)};
  }

private:
  void insert(uint64_t key) {
    if (key <= last_) {
      late_.push_back(key);
      std::push_heap(late_.begin(), late_.end(), std::greater<>());
      return;
    }
    int bit = 63 - std::countl_zero(key ^ last_);
    buckets_[bit].push_back(key);
    filled_ |= uint64_t(1) << bit;
  }

  uint64_t popLate() {
    std::pop_heap(late_.begin(), late_.end(), std::greater<>());
    uint64_t key = late_.back();
    late_.pop_back();
    return key;
  }

  uint64_t popBucket() {
    int bit = std::countr_zero(filled_);
    filled_ &= filled_ - 1;
    std::vector<uint64_t> &bucket = buckets_[bit];
    last_ = *std::min_element(bucket.begin(), bucket.end());
    bool isTaken = false; // of equal keys one comes out, the others are late
    for (uint64_t key : bucket)
      if (key != last_ || std::exchange(isTaken, true))
        insert(key);
    bucket.clear();
    return last_;
  }

  // Keys above `last_`, by the highest bit in which they differ from it.
  std::vector<uint64_t> buckets_[64];
  uint64_t filled_ = 0; // a bit for each bucket that is not empty
  uint64_t last_ = 0;   // the largest key that came out
  std::vector<uint64_t> late_; // keys up to `last_`, the smallest first
};

} // namespace ds::rt
