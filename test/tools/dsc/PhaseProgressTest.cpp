// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/dsc/PhaseProgress.h"
#include <gtest/gtest.h>

namespace {

// A phase fills its share steadily, slows down where it takes longer than
// expected, and never claims to be over.
TEST(PhaseProgressTest, part) {
  EXPECT_EQ(ds::phasePart(0, 10), 0);
  EXPECT_DOUBLE_EQ(ds::phasePart(5, 10), 0.4);
  EXPECT_NEAR(ds::phasePart(9.999, 10), 0.8, 1e-3);
  EXPECT_NEAR(ds::phasePart(10.001, 10), 0.8, 1e-3);
  double last = 0;
  for (double seconds = 0; seconds < 50; seconds += 0.5) {
    double part = ds::phasePart(seconds, 10);
    EXPECT_GE(part, last);
    EXPECT_LT(part, 1);
    last = part;
  }
  EXPECT_EQ(ds::phasePart(3, 0), 0); // no share, no part
}

} // namespace
