// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// expert_plan, combine.
#include "kernels/Contracts.h"
#include "test/kernels/KernelTest.h"
#include <algorithm>
#include <cmath>
#include <set>

namespace ds::kernels::test {
namespace {

/// `shape` has 17 experts and topk 3.
void expectSorted(const ExpertPlanShape &shape) {
  const uint32_t slotsOfToken = 3 + shape.shared;
  for (uint32_t tokens : {1u, 2u, 33u, 200u}) {
    Random random(tokens);
    RaggedBatch batch({{0, tokens}}, 16);
    Buffer ids(size_t(tokens) * 3 * 4), offsets((18 + shape.shared) * 4);
    Buffer tokenOf(size_t(tokens) * slotsOfToken * 4), slotOf(tokenOf.bytes());
    for (uint32_t t = 0; t < tokens; ++t)
      for (uint32_t k = 0; k < 3; ++k) // distinct; experts 12 .. 16 stay empty
        ids.set(t * 3 + k, k * 4 + random.below(4));
    KernelCase test{&shape,
                    batch,
                    {shared(ids), output(offsets, 0), output(tokenOf, 0),
                     output(slotOf, 0)}};
    expectSplitIndependent(nativeKernel("expert_plan_u32_generic"), test);

    EXPECT_EQ(offsets.get<uint32_t>(0), 0u);
    EXPECT_EQ(offsets.get<uint32_t>(17), tokens * 3);
    for (uint32_t e = 0; e < 17; ++e) {
      uint32_t begin = offsets.get<uint32_t>(e);
      uint32_t end = offsets.get<uint32_t>(e + 1);
      ASSERT_LE(begin, end);
      for (uint32_t slot = begin; slot + 1 < end; ++slot)
        EXPECT_LT(tokenOf.get<uint32_t>(slot), tokenOf.get<uint32_t>(slot + 1));
    }
    std::set<uint32_t> slots;
    for (uint32_t pair = 0; pair < tokens * 3; ++pair) {
      uint32_t slot = slotOf.get<uint32_t>(pair / 3 * slotsOfToken + pair % 3);
      uint32_t e = ids.get<uint32_t>(pair);
      ASSERT_LT(slot, tokens * 3);
      slots.insert(slot);
      EXPECT_EQ(tokenOf.get<uint32_t>(slot), pair / 3);
      EXPECT_TRUE(offsets.get<uint32_t>(e) <= slot &&
                  slot < offsets.get<uint32_t>(e + 1));
    }
    EXPECT_EQ(slots.size(), tokens * 3);
    if (!shape.shared)
      continue;
    EXPECT_EQ(offsets.get<uint32_t>(18), tokens * 4);
    for (uint32_t t = 0; t < tokens; ++t) {
      EXPECT_EQ(slotOf.get<uint32_t>(t * 4 + 3), tokens * 3 + t);
      EXPECT_EQ(tokenOf.get<uint32_t>(tokens * 3 + t), t);
    }
  }
}

TEST(ExpertPlan, SortsPairsByExpertThenToken) { expectSorted({17, 3, 0}); }

TEST(ExpertPlan, GivesEveryTokenASlotOfTheSharedExpertBehindAllOthers) {
  expectSorted({17, 3, 1});
}

// The order is the contract's, so the bits are: shared first, wherever it comes
// from, then rank by rank.
TEST(Combine, AddsExpertsInTheOrderOfTheirRank) {
  for (uint32_t n : {1u, 7u, 31u, 65u, 200u, 576u})
    for (uint32_t withShared : {0u, 1u, 2u}) {
      Random random(n);
      CombineShape shape{n, 4, withShared};
      RaggedBatch batch({{0, 3}, {5, 2}}, 4);
      uint32_t slots = combineSlots(shape), pairs = batch.tokens() * slots;
      Buffer y = randomF32(size_t(pairs) * n, random, 2);
      Buffer slotOf(pairs * 4);
      for (uint32_t pair = 0; pair < pairs; ++pair)
        slotOf.set(pair, (pair * 7 + 3) % pairs);
      Buffer weights = randomF32(batch.tokens() * 4, random, 1);
      Buffer sharedPart = randomF32(size_t(batch.tokens()) * n, random, 2);
      Buffer delta(size_t(batch.tokens()) * n * 4);
      KernelCase test{
          &shape,
          batch,
          {shared(y), input(slotOf, slots * 4), input(weights, 16)}};
      if (withShared == 1)
        test.operands.push_back(input(sharedPart, n * 4));
      test.operands.push_back(output(delta, n * 4));
      const NativeKernel &kernel = nativeKernel("combine_f32_generic");
      expectTokenIndependent(kernel, test);
      expectSplitIndependent(kernel, test);
      for (uint32_t t = 0; t < batch.tokens(); ++t)
        for (uint32_t i = 0; i < n; ++i) {
          auto slot = [&](uint32_t k) {
            return y.get<float>(slotOf.get<uint32_t>(t * slots + k) * n + i);
          };
          float sum = withShared == 0   ? 0
                      : withShared == 1 ? sharedPart.get<float>(t * n + i)
                                        : slot(4);
          for (uint32_t k = 0; k < 4; ++k)
            sum += weights.get<float>(t * 4 + k) * slot(k);
          ASSERT_EQ(delta.get<float>(t * n + i), sum) << t << " " << i;
        }
    }
}

} // namespace
} // namespace ds::kernels::test
