// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/plan/ComputeCapability.h"
#include <gtest/gtest.h>

namespace ds::rt::test {
namespace {

// Both numbers are read, and an `a` behind them.
TEST(ComputeCapability, ReadsNumbers) {
  EXPECT_EQ(ComputeCapability::of("8.0")->name(), "sm_80");
  EXPECT_EQ(ComputeCapability::of("9.0a")->name(), "sm_90a");
  EXPECT_EQ(ComputeCapability::of("10.3a")->name(), "sm_103a");
}

// Another spelling is none.
TEST(ComputeCapability, RefusesOtherSpellings) {
  for (const char *text : {"", "a", "9", "9.", ".0", "9.0b", "9.0aa", "09.0",
                           "9.00", "-9.0", "9.0 ", "sm_90", "9.100"})
    EXPECT_FALSE(ComputeCapability::of(text)) << text;
}

// Code with an `a` runs on its own capability, other code on later minor ones.
TEST(ComputeCapability, RunsOn) {
  auto runs = [](const char *code, const char *gpu) {
    return ComputeCapability::of(code)->runsOn(*ComputeCapability::of(gpu));
  };
  EXPECT_TRUE(runs("8.0", "8.0"));
  EXPECT_TRUE(runs("8.0", "8.9"));
  EXPECT_FALSE(runs("8.9", "8.6"));
  EXPECT_FALSE(runs("8.0", "9.0"));
  EXPECT_TRUE(runs("9.0a", "9.0"));
  EXPECT_FALSE(runs("10.0a", "10.3"));
  EXPECT_FALSE(runs("9.0a", "10.0"));
}

// A driver's version may follow.
TEST(CUDANeeds, ReadsTheDriver) {
  EXPECT_EQ(CUDANeeds::of("9.0a")->driver, 0);
  EXPECT_EQ(CUDANeeds::of("9.0a 13.0")->driver, 13000);
  EXPECT_EQ(CUDANeeds::of("8.0 12.8")->driver, 12080);
  for (const char *text : {"", "9.0a ", "9.0a 13", "9.0a 13.0a", "9.0a  13.0",
                           "9.0a 13.0 1.0", "13"})
    EXPECT_FALSE(CUDANeeds::of(text)) << text;
}

} // namespace
} // namespace ds::rt::test
