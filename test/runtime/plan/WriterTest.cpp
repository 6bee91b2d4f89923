// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/plan/Writer.h"
#include "test/runtime/plan/TinyPlan.h"
#include <gtest/gtest.h>

namespace ds::rt::test {
namespace {

// Equal calls give equal bytes.
TEST(PlanWriter, IsDeterministic) {
  EXPECT_EQ(tinyPlan(), tinyPlan());
  EXPECT_NE(tinyPlan(), tinyPlan({.hasTokenizer = false}));
}

// Equal strings are stored once, and no string is the empty one.
TEST(PlanWriter, StoresAStringOnce) {
  PlanWriter writer;
  StringRef first = writer.string("kv_a_norm");
  EXPECT_EQ(writer.string("kv_a_norm"), first);
  EXPECT_NE(writer.string("kv_a"), first);
  EXPECT_EQ(writer.string(""), StringRef{});
  EXPECT_EQ(writer.string(std::string_view("a\0b", 3)), writer.string("a"));
}

// Records are counted from 0, each section by itself.
TEST(PlanWriter, CountsRecords) {
  PlanWriter writer;
  EXPECT_EQ(writer.add(RowRecord{}), 0u);
  EXPECT_EQ(writer.add(RowRecord{}), 1u);
  EXPECT_EQ(writer.add(CallRecord{}), 0u);
  EXPECT_EQ(writer.count<RowRecord>(), 2u);
  EXPECT_EQ(writer.addSlot(7), 0u);
  EXPECT_EQ(writer.addSlot(7), 1u);
}

// Constants begin at multiples of 64, images at pages.
TEST(PlanWriter, AlignsConstantsAndImages) {
  PlanWriter writer;
  const uint8_t bytes[] = {1, 2, 3};
  EXPECT_EQ(writer.addConstant(bytes), 0u);
  EXPECT_EQ(writer.addConstant(bytes), 64u);
  EXPECT_EQ(writer.addImage(bytes, 3, kPage), 0u);
  EXPECT_EQ(writer.addImage(bytes, 3, kPage), 1u);
}

} // namespace
} // namespace ds::rt::test
