// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/exec/States.h"
#include "test/runtime/exec/TinyPlan.h"
#include <gtest/gtest.h>
#include <set>

using namespace ds;
using namespace ds::rt;
using namespace ds::rt::test;

namespace {

class StatesTest : public testing::Test {
protected:
  TinyPlan plan;
  States states = std::move(*States::create(plan.view()));
};

// The memory is what the budget says, to the byte, and one layer follows the
// other.
TEST_F(StatesTest, allocatesTheBudget) {
  EXPECT_EQ(states.bytes(), plan.view().budget[0].state);
  EXPECT_EQ(states.numPages(), kContext / kPageTokens);
  EXPECT_EQ(states.layerBytes(0) * kLayers, states.bytes());
}

// Pages are rounded up, and exactly those are reserved.
TEST_F(StatesTest, reservesWholePages) {
  EXPECT_EQ(states.pagesFor(0), 0u);
  EXPECT_EQ(states.pagesFor(1), 1u);
  EXPECT_EQ(states.pagesFor(kPageTokens), 1u);
  EXPECT_EQ(states.pagesFor(kPageTokens + 1), 2u);
  SequenceId id = *states.add(kPageTokens + 1);
  EXPECT_EQ(states.pages(id).size(), 2u);
  EXPECT_EQ(states.freePages(), states.numPages() - 2);
}

// No page belongs to two sequences at once, also after some have gone.
TEST_F(StatesTest, pagesHaveOneOwner) {
  SequenceId a = *states.add(9), b = *states.add(4);
  states.remove(a);
  SequenceId c = *states.add(12);
  std::set<uint32_t> pages;
  for (SequenceId id : {b, c})
    for (uint32_t page : states.pages(id)) {
      EXPECT_LT(page, states.numPages());
      EXPECT_TRUE(pages.insert(page).second);
    }
  EXPECT_EQ(pages.size(), 4u);
}

// What is reserved comes back, whole.
TEST_F(StatesTest, removedSequencesFreeTheirPages) {
  for (int round = 0; round < 3; ++round) {
    SequenceId a = *states.add(kContext / 2), b = *states.add(kContext / 2);
    EXPECT_EQ(states.freePages(), 0u);
    states.remove(a);
    states.remove(b);
    EXPECT_EQ(states.freePages(), states.numPages());
    EXPECT_EQ(states.freeSequences(), states.maxSequences());
  }
}

// A sequence longer than the context is refused with both numbers.
TEST_F(StatesTest, refusesMoreThanTheContext) {
  Status status = states.add(kContext + 1).takeStatus();
  EXPECT_EQ(status.errors()[0].code, ErrorCode::ContextExceeded);
  EXPECT_EQ(status.errors()[0].found, "25");
  EXPECT_EQ(status.errors()[0].expected, "at most 24");
  EXPECT_EQ(status.exit(), Exit::Limit);
}

// A pool that is used up refuses, and keeps what it has.
TEST_F(StatesTest, refusesWhatDoesNotFit) {
  ASSERT_TRUE(states.add(kContext - 1));
  EXPECT_EQ(states.add(1).takeStatus().errors()[0].code,
            ErrorCode::StateExhausted);
  States many = std::move(*States::create(plan.view()));
  for (uint32_t i = 0; i < many.maxSequences(); ++i)
    ASSERT_TRUE(many.add(1));
  EXPECT_EQ(many.add(1).takeStatus().errors()[0].code,
            ErrorCode::StateExhausted);
  EXPECT_EQ(many.freePages(), many.numPages() - many.maxSequences());
}

} // namespace
