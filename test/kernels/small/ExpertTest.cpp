// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// expert_plan, combine.
#include "kernels/Contracts.h"
#include "test/kernels/KernelTest.h"
#include <algorithm>
#include <cmath>
#include <set>

namespace ds::kernels::test {
namespace {

/// Every pair of `ids` has a slot of its own among those of its expert, and an
/// expert's slots are in the order of their tokens.
void expectSorted(const ExpertPlanShape &shape, uint32_t tokens,
                  const Buffer &ids, const Buffer &offsets,
                  const Buffer &tokenOf, const Buffer &slotOf) {
  const uint32_t topk = shape.topk, pairs = tokens * topk;
  const uint32_t slotsOfToken = topk + shape.shared;
  EXPECT_EQ(offsets.get<uint32_t>(0), 0u);
  EXPECT_EQ(offsets.get<uint32_t>(shape.experts), pairs);
  for (uint32_t e = 0; e < shape.experts; ++e) {
    uint32_t begin = offsets.get<uint32_t>(e);
    uint32_t end = offsets.get<uint32_t>(e + 1);
    ASSERT_LE(begin, end);
    for (uint32_t slot = begin; slot + 1 < end; ++slot)
      EXPECT_LT(tokenOf.get<uint32_t>(slot), tokenOf.get<uint32_t>(slot + 1));
  }
  std::set<uint32_t> slots;
  for (uint32_t pair = 0; pair < pairs; ++pair) {
    uint32_t slot =
        slotOf.get<uint32_t>(pair / topk * slotsOfToken + pair % topk);
    uint32_t e = ids.get<uint32_t>(pair);
    ASSERT_LT(slot, pairs);
    slots.insert(slot);
    EXPECT_EQ(tokenOf.get<uint32_t>(slot), pair / topk);
    EXPECT_TRUE(offsets.get<uint32_t>(e) <= slot &&
                slot < offsets.get<uint32_t>(e + 1));
  }
  EXPECT_EQ(slots.size(), pairs);
  if (!shape.shared)
    return;
  EXPECT_EQ(offsets.get<uint32_t>(shape.experts + 1), pairs + tokens);
  for (uint32_t t = 0; t < tokens; ++t) {
    EXPECT_EQ(slotOf.get<uint32_t>(t * slotsOfToken + topk), pairs + t);
    EXPECT_EQ(tokenOf.get<uint32_t>(pairs + t), t);
  }
}

void expectSorts(const ExpertPlanShape &shape, uint32_t tokens) {
  const uint32_t topk = shape.topk, width = shape.experts / (topk + 1);
  Random random(tokens);
  RaggedBatch batch({{0, tokens}}, 16);
  Buffer ids(size_t(tokens) * topk * 4);
  Buffer offsets((shape.experts + shape.shared + 1) * 4);
  Buffer tokenOf(size_t(tokens) * (topk + shape.shared) * 4);
  Buffer slotOf(tokenOf.bytes());
  for (uint32_t t = 0; t < tokens; ++t)
    for (uint32_t k = 0; k < topk; ++k) // distinct; the last stay empty
      ids.set(t * topk + k, k * width + random.below(width));
  KernelCase test{
      &shape,
      batch,
      {shared(ids), output(offsets, 0), output(tokenOf, 0), output(slotOf, 0)}};
  for (const NativeKernel &kernel : runnableKernels("expert_plan")) {
    SCOPED_TRACE(kernel.row.name);
    expectSplitIndependent(kernel, test);
    expectSorted(shape, tokens, ids, offsets, tokenOf, slotOf);
  }
}

TEST(ExpertPlan, SortsPairsByExpertThenToken) {
  for (uint32_t tokens : {1u, 2u, 33u, 200u})
    expectSorts({17, 3, 0}, tokens);
  expectSorts({256, 8, 0}, 512); // a chunk of R1
  expectSorts({600, 2, 0}, 40);  // more experts than a block has threads
}

TEST(ExpertPlan, GivesEveryTokenASlotOfTheSharedExpertBehindAllOthers) {
  for (uint32_t tokens : {1u, 33u, 200u})
    expectSorts({17, 3, 1}, tokens);
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
      std::vector<double> want;
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
          want.push_back(sum);
        }
      for (const NativeKernel &kernel : runnableKernels("combine")) {
        expectTokenIndependent(kernel, test);
        expectSplitIndependent(kernel, test);
        EXPECT_EQ(values(delta, Activation::F32), want) << kernel.row.name;
      }
    }
}

} // namespace
} // namespace ds::kernels::test
