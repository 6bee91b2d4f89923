// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernels/grouped_linear/grouped_linear.h"
#include "test/kernels/matrix/TestMatrix.h"
#include "test/kernels/matrix/TestRows.h"

namespace ds::kernels::test {
namespace {

/// One call of grouped_linear with random operands and any slots per expert.
struct GroupedCase {
  GroupedLinearShape shape;
  std::vector<uint32_t> offsets;
  Random random;
  TestRows x;
  Buffer y;
  std::vector<uint32_t> tokenOf;
  Buffer offsetBuffer, tokenBuffer; // the same as operands
  std::vector<TestMatrix> matrices; // [experts, parts]
  std::vector<void *> pointers;

  GroupedCase(const KernelRow &row, GroupedLinearShape s,
              std::vector<uint32_t> slotsOf, uint32_t tokens)
      : shape(served(row, s)), offsets(sums(slotsOf)),
        random(shape.in + tokens),
        x(row.activation, s.gather ? tokens : slots(), shape.in, random),
        y(size_t(slots()) * s.parts * s.out * sizeof(float)),
        tokenOf(choices(slots(), tokens, random)),
        offsetBuffer(indices(offsets)), tokenBuffer(indices(tokenOf)) {
    for (uint32_t i = 0; i < s.experts * s.parts; ++i) {
      matrices.emplace_back(row.weights, s.out, shape.in, random, i % 3);
      matrices.back().appendTo(pointers);
    }
  }

  static std::vector<uint32_t> choices(uint32_t slots, uint32_t tokens,
                                       Random &random) {
    std::vector<uint32_t> tokenOf;
    for (uint32_t i = 0; i < slots; ++i)
      tokenOf.push_back(random.below(tokens));
    return tokenOf;
  }

  static Buffer indices(const std::vector<uint32_t> &of) {
    Buffer buffer(of.size() * sizeof(uint32_t));
    for (size_t i = 0; i < of.size(); ++i)
      buffer.set(i, of[i]);
    return buffer;
  }

  static std::vector<uint32_t> sums(const std::vector<uint32_t> &slotsOf) {
    std::vector<uint32_t> offsets{0};
    for (uint32_t slots : slotsOf)
      offsets.push_back(offsets.back() + slots);
    return offsets;
  }

  uint32_t slots() const { return offsets.back(); }

  KernelCase call() const {
    KernelCase test{&shape, RaggedBatch({{0, slots()}}, 16), {}};
    x.appendTo(test.operands, true);
    test.operands.insert(test.operands.end(),
                         {input(offsetBuffer, 0), input(tokenBuffer, 0),
                          output(y, 0), list(pointers)});
    return test;
  }

  uint32_t vectorOf(uint32_t slot) const {
    return shape.gather ? tokenOf[slot] : slot;
  }

  void expectFormula(const KernelRow &row) const {
    std::vector<double> want, bound;
    for (uint32_t e = 0; e < shape.experts; ++e)
      for (uint32_t slot = offsets[e]; slot < offsets[e + 1]; ++slot)
        for (uint32_t p = 0; p < shape.parts; ++p)
          for (uint32_t o = 0; o < shape.out; ++o) {
            Sum sum;
            for (uint32_t i = 0; i < shape.in; ++i)
              sum.add(x.value(vectorOf(slot), i) *
                      matrices[e * shape.parts + p].value(o, i));
            want.push_back(sum.value);
            bound.push_back(sum.magnitude * dotError(row, shape.in));
          }
    expectWithin(values(y, Activation::F32), want, bound);
  }
};

TEST(GroupedLinear, EveryRowComputesTheFormulaForEveryExpertThatHasSlots) {
  for (const NativeKernel &kernel : runnableKernels("grouped_linear"))
    for (uint32_t in : {7, 65, 129, 200})
      for (uint32_t gather : {0, 1}) {
        SCOPED_TRACE(std::string(kernel.row.name) + " in " +
                     std::to_string(in));
        GroupedCase test(kernel.row, {in, 37, 2, 6, 2, gather},
                         {0, 1, 4, 5, 11, 0}, 9);
        expectSplitIndependent(kernel, test.call());
        test.expectFormula(kernel.row);
      }
}

// As for linear: tiles, stages and weights beyond one of each.
TEST(GroupedLinear, EveryRowComputesTheFormulaForLargeShapes) {
  const GroupedLinearShape deep{1168, 37, 2, 3, 1, 1};
  const GroupedLinearShape wide{32, 16900, 1, 2, 1, 0};
  for (const NativeKernel &kernel : runnableKernels("grouped_linear")) {
    SCOPED_TRACE(kernel.row.name);
    if (rowsServed(kernel.row, &deep) >= 131) {
      GroupedCase test(kernel.row, deep, {130, 0, 1}, 131);
      for (Split split : {Split::Whole, Split::Uneven}) {
        runKernel(kernel, test.call(), split);
        test.expectFormula(kernel.row);
      }
    }
    GroupedCase test(kernel.row, wide, {1, 2}, 3);
    runKernel(kernel, test.call());
    test.expectFormula(kernel.row);
  }
}

TEST(GroupedLinear, ASlotHasTheSameBitsAloneAndAmongOthers) {
  for (const NativeKernel &kernel : runnableKernels("grouped_linear")) {
    GroupedCase test(kernel.row, {150, 20, 1, 3, 2, 1}, {7, 0, 5}, 6);
    runKernel(kernel, test.call());
    const std::string together = test.y.snapshot();
    const size_t bytes = test.shape.out * sizeof(float);
    for (uint32_t e = 0; e < 3; ++e)
      for (uint32_t slot = test.offsets[e]; slot < test.offsets[e + 1];
           ++slot) {
        std::vector<uint32_t> slotsOf(3, 0);
        slotsOf[e] = 1;
        Buffer offsets = GroupedCase::indices(GroupedCase::sums(slotsOf));
        Buffer tokenOf = GroupedCase::indices({test.tokenOf[slot]});
        Buffer y(bytes);
        KernelCase alone = test.call();
        size_t first = alone.operands.size() - 4; // behind x
        alone.operands[first] = input(offsets, 0);
        alone.operands[first + 1] = input(tokenOf, 0);
        alone.operands[first + 2] = output(y, 0);
        runKernel(kernel, alone);
        EXPECT_TRUE(y.snapshot() == together.substr(slot * bytes, bytes))
            << kernel.row.name << " slot " << slot;
      }
  }
}

TEST(GroupedLinear, WeightsOfAnExpertWithoutSlotsAreNotRead) {
  for (const NativeKernel &kernel : runnableKernels("grouped_linear")) {
    GroupedCase test(kernel.row, {64, 16, 1, 3, 1, 0}, {2, 0, 6}, 8);
    const size_t perMatrix = test.pointers.size() / 3;
    for (size_t i = perMatrix; i < 2 * perMatrix; ++i)
      test.pointers[i] = nullptr;
    runKernel(kernel, test.call());
    test.expectFormula(kernel.row);
  }
}

} // namespace
} // namespace ds::kernels::test
