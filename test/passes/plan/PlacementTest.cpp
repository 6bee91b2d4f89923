// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/plan/Placement.h"
#include <gtest/gtest.h>
#include <random>

using namespace ds::plan;

namespace {

using Buffers = std::vector<PlacedBuffer>;

Buffers random(uint32_t seed) {
  std::mt19937 next(seed);
  Buffers buffers(2 + next() % 20);
  for (PlacedBuffer &buffer : buffers) {
    buffer.size = 64 * (1 + next() % 30);
    buffer.first = next() % 12;
    buffer.last = buffer.first + next() % 6;
  }
  return buffers;
}

bool overlap(const PlacedBuffer &a, const PlacedBuffer &b) {
  return a.first <= b.last && b.first <= a.last &&
         a.offset < b.offset + b.size && b.offset < a.offset + a.size;
}

// Buffers that live at the same time are apart, the end is that of the highest
// one and never below the peak.
TEST(Placement, KeepsLiveBuffersApart) {
  for (uint32_t seed = 0; seed < 500; ++seed) {
    Buffers buffers = random(seed);
    uint64_t end = place(buffers), highest = 0;
    for (size_t i = 0; i < buffers.size(); ++i) {
      highest = std::max(highest, buffers[i].offset + buffers[i].size);
      for (size_t j = i + 1; j < buffers.size(); ++j)
        ASSERT_FALSE(overlap(buffers[i], buffers[j])) << seed;
    }
    EXPECT_EQ(end, highest) << seed;
    EXPECT_GE(end, peakOf(buffers)) << seed;
  }
}

// Larger first puts both buffers of 192 at 0 and the one of 128 on top of the
// first; the one of 64 meets the second and the one of 128, and ends at 384. The
// peak can be had.
TEST(Placement, BeatsLargerFirst) {
  Buffers buffers = {{.size = 192, .first = 3, .last = 5},
                     {.size = 64, .first = 2, .last = 3},
                     {.size = 192, .first = 0, .last = 0},
                     {.size = 128, .first = 0, .last = 2}};
  EXPECT_EQ(peakOf(buffers), 320u);
  EXPECT_EQ(place(buffers), 320u);
}

// On random lives the gap to the peak is small: 2 % on average.
TEST(Placement, ComesCloseToThePeak) {
  double gaps = 0;
  for (uint32_t seed = 0; seed < 500; ++seed) {
    Buffers buffers = random(seed);
    uint64_t peak = peakOf(buffers);
    gaps += double(place(buffers) - peak) / double(peak);
  }
  EXPECT_LE(gaps / 500, 0.02);
}

// Equal arguments, equal offsets.
TEST(Placement, DependsOnItsArgumentsAlone) {
  Buffers a = random(7), b = random(7);
  place(a);
  place(b);
  for (size_t i = 0; i < a.size(); ++i)
    EXPECT_EQ(a[i].offset, b[i].offset);
}

// Nothing to place is no bytes.
TEST(Placement, OfNothingIsEmpty) {
  Buffers none;
  EXPECT_EQ(peakOf(none), 0u);
  EXPECT_EQ(place(none), 0u);
}

} // namespace
