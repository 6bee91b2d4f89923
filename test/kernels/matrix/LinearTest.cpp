// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernels/linear/linear.h"
#include "test/kernels/matrix/TestMatrix.h"
#include "test/kernels/matrix/TestRows.h"

namespace ds::kernels::test {
namespace {

/// One call of linear with random operands.
struct LinearCase {
  LinearShape shape;
  RaggedBatch batch;
  Random random;
  TestRows x;
  Buffer y;
  std::vector<TestMatrix> parts;

  LinearCase(const KernelRow &row, LinearShape s, uint32_t tokens, size_t shift)
      : shape(served(row, s)), batch({{0, tokens}}, 16),
        random(shape.in * 1000 + tokens),
        x(row.activation, tokens, shape.in, random),
        y(size_t(tokens) * linearColumns(s) * sizeof(float)) {
    for (uint32_t p = 0; p < s.parts; ++p)
      parts.emplace_back(row.weights, linearOut(s, p), shape.in, random, shift);
  }

  KernelCase call() const {
    KernelCase test{&shape, batch, {}};
    x.appendTo(test.operands, false);
    test.operands.push_back(output(y, linearColumns(shape) * sizeof(float)));
    for (const TestMatrix &part : parts)
      part.appendTo(test.operands);
    return test;
  }

  void expectFormula(const KernelRow &row) const {
    std::vector<double> want, bound;
    for (uint32_t t = 0; t < batch.tokens(); ++t)
      for (uint32_t p = 0; p < shape.parts; ++p)
        for (uint32_t o = 0; o < linearOut(shape, p); ++o) {
          Sum sum;
          for (uint32_t i = 0; i < shape.in; ++i)
            sum.add(x.value(t, i) * parts[p].value(o, i));
          want.push_back(sum.value);
          bound.push_back(sum.magnitude * dotError(row, shape.in));
        }
    expectWithin(values(y, Activation::F32), want, bound);
  }
};

TEST(Linear, EveryRowComputesTheFormulaForShapesThatAreMultiplesOfNothing) {
  for (const NativeKernel &kernel : runnableKernels("linear"))
    for (uint32_t in : {1, 7, 16, 31, 63, 64, 65, 127, 128, 129, 200, 576})
      for (uint32_t tokens : {1, 3, 6}) {
        SCOPED_TRACE(std::string(kernel.row.name) + " in " +
                     std::to_string(in) + " tokens " + std::to_string(tokens));
        LinearCase test(kernel.row, {in, 2, 17, 131, 0, 0, 0}, tokens,
                        in % 2 ? 0 : 1);
        expectSplitIndependent(kernel, test.call());
        test.expectFormula(kernel.row);
      }
}

// More rows than a tile has, more columns than shared memory holds, and so many
// weights that tiles are wide.
TEST(Linear, EveryRowComputesTheFormulaForLargeShapes) {
  for (const NativeKernel &kernel : runnableKernels("linear"))
    for (auto [tokens, shape] :
         {std::pair{131u, LinearShape{1168, 2, 33, 70, 0, 0, 0}},
          std::pair{3u, LinearShape{32, 1, 16900, 0, 0, 0, 0}}}) {
      if (rowsServed(kernel.row, &shape) < tokens)
        continue;
      SCOPED_TRACE(kernel.row.name);
      LinearCase test(kernel.row, shape, tokens, 0);
      for (Split split : {Split::Whole, Split::Uneven}) {
        runKernel(kernel, test.call(), split);
        test.expectFormula(kernel.row);
      }
    }
}

TEST(Linear, WeightsMayStartAtAnyByte) {
  for (const NativeKernel &kernel : runnableKernels("linear"))
    for (size_t shift = 0; shift < 8; ++shift) {
      LinearCase test(kernel.row, {200, 1, 33, 0, 0, 0, 0}, 5, shift);
      runKernel(kernel, test.call());
      test.expectFormula(kernel.row);
    }
}

TEST(Linear, FourPartsStandSideBySide) {
  for (const NativeKernel &kernel : runnableKernels("linear")) {
    LinearCase test(kernel.row, {72, 4, 16, 1, 40, 15, 0}, 5, 0);
    expectSplitIndependent(kernel, test.call());
    test.expectFormula(kernel.row);
  }
}

TEST(Linear, ATokenHasTheSameBitsAloneAndAmongOthers) {
  for (const NativeKernel &kernel : runnableKernels("linear"))
    for (uint32_t tokens : {2, 3, 4, 5, 7, 13}) {
      SCOPED_TRACE(std::string(kernel.row.name) + " tokens " +
                   std::to_string(tokens));
      LinearCase test(kernel.row, {333, 2, 35, 9, 0, 0, 0}, tokens, 1);
      expectTokenIndependent(kernel, test.call());
    }
}

TEST(Linear, TheHeadWorksOnTheRowsAskedForOnly) {
  for (const NativeKernel &kernel : runnableKernels("linear")) {
    LinearCase test(kernel.row, {40, 1, 19, 0, 0, 0, 1}, 2, 0);
    KernelCase call = test.call();
    // Two rows of x and y, but a batch of nine tokens.
    call.batch = RaggedBatch({{0, 9}}, 16);
    call.batch.rowIndex.resize(2);
    runKernel(kernel, call);
    test.expectFormula(kernel.row);
  }
}

TEST(Linear, EveryF8CodeIsDecodedExactlyInEveryColumn) {
  constexpr uint32_t kIn = 150;
  for (const NativeKernel &kernel : runnableKernels("linear")) {
    if (kernel.row.weights != Weights::F8E4M3Block128)
      continue;
    for (uint32_t first = 0; first < kIn; first += 2)
      for (uint32_t tokens : {2, 6}) { // few tokens, many tokens
        LinearCase test(kernel.row, {kIn, 1, 256, 0, 0, 0, 0}, tokens, 0);
        for (uint32_t t = 0; t < tokens; ++t) // takes one column
          for (uint32_t i = 0; i < test.shape.in; ++i)
            test.x.setExact(t, i, i == first + t ? 1 : 0);
        for (uint32_t o = 0; o < 256; ++o)
          for (uint32_t i = 0; i < test.shape.in; ++i) {
            uint8_t code = uint8_t(o + i);
            test.parts[0].setCode(o, i, (code & 0x7f) == 0x7f ? 0 : code);
          }
        runKernel(kernel, test.call());
        auto y = values(test.y, Activation::F32);
        for (uint32_t t = 0; t < tokens && first + t < kIn; ++t)
          for (uint32_t o = 0; o < 256; ++o)
            ASSERT_EQ(float(test.parts[0].value(o, first + t)),
                      float(y[t * 256 + o]))
                << kernel.row.name << " row " << o << " column " << first + t;
      }
  }
}

TEST(Linear, ANaNCodeMakesItsRowNaNAndNoOther) {
  for (const NativeKernel &kernel : runnableKernels("linear")) {
    if (kernel.row.weights != Weights::F8E4M3Block128)
      continue;
    for (uint32_t tokens : {1, 5})
      for (uint8_t code : {0x7f, 0xff}) {
        LinearCase test(kernel.row, {130, 1, 130, 0, 0, 0, 0}, tokens, 0);
        for (uint32_t o = 0; o < 130; o += 2)
          test.parts[0].setCode(o, o, code);
        runKernel(kernel, test.call());
        auto y = values(test.y, Activation::F32);
        for (uint32_t i = 0; i < y.size(); ++i)
          ASSERT_EQ(std::isnan(y[i]), i % 130 % 2 == 0)
              << kernel.row.name << " element " << i;
      }
  }
}

} // namespace
} // namespace ds::kernels::test
