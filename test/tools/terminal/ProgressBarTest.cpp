// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/terminal/ProgressBar.h"
#include <gtest/gtest.h>

using namespace ds::terminal;

namespace {

// Times are rounded up, to what one can wait for.
TEST(ProgressBarTest, timeText) {
  EXPECT_EQ(timeText(0), "0 s");
  EXPECT_EQ(timeText(0.2), "1 s");
  EXPECT_EQ(timeText(59.5), "1 min");
  EXPECT_EQ(timeText(61), "2 min");
  EXPECT_EQ(timeText(3600), "1 h 0 min");
  EXPECT_EQ(timeText(7861), "2 h 12 min");
}

// What, how much, how long; the bar takes the room that is left.
TEST(ProgressBarTest, line) {
  EXPECT_EQ(barLine("dsc", "code", 0.5, 4, 80),
            "dsc: code [###############...............]  50 %, 4 s left");
  EXPECT_EQ(barLine("dsc", "code", 0.5, -1, 28),
            "dsc: code [#####.....]  50 %");
  EXPECT_EQ(barLine("dsc", "code", 1.5, -1, 20), "dsc: code  100 %");
  EXPECT_EQ(barLine("dsc", "code", 0, 4, 8), "dsc: cod");
}

// No line is longer than the terminal is wide, whatever the numbers.
TEST(ProgressBarTest, neverWraps) {
  for (unsigned columns = 0; columns < 120; ++columns)
    for (double done : {-1.0, 0.0, 0.33, 1.0})
      EXPECT_LE(barLine("dsrun", "prompt 7 of 9 tokens", done, 1e5, columns)
                    .size(),
                columns);
}

} // namespace
