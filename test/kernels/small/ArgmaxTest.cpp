// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernels/Contracts.h"
#include "test/kernels/KernelTest.h"
#include <cmath>
#include <limits>

namespace ds::kernels::test {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// What every row of the family says of rows of n scores.
void expectIndices(uint32_t n, const std::vector<float> &scores,
                   const std::vector<uint32_t> &want) {
  uint32_t rows = uint32_t(scores.size()) / n;
  ASSERT_EQ(want.size(), rows);
  Buffer x(scores.size() * 4), index(rows * 4);
  for (size_t i = 0; i < scores.size(); ++i)
    x.set(i, scores[i]);
  ArgmaxShape shape{n, 0};
  KernelCase test{
      &shape, RaggedBatch({{0, rows}}, 4), {input(x, n * 4), output(index, 4)}};
  for (const NativeKernel &kernel : runnableKernels("argmax")) {
    SCOPED_TRACE(std::string(kernel.row.name) + " n " + std::to_string(n));
    expectTokenIndependent(kernel, test);
    expectSplitIndependent(kernel, test);
    for (uint32_t row = 0; row < rows; ++row)
      EXPECT_EQ(index.get<uint32_t>(row), want[row]) << row;
  }
}

TEST(Argmax, IsTheColumnOfTheLargest) {
  // Around a block's 1024 quads and its four at once; the vocabulary of R1.
  for (uint32_t n : {1u, 3u, 4u, 31u, 129u, 4095u, 4097u, 16385u, 129280u}) {
    Random random(n);
    std::vector<float> scores(2 * n);
    for (float &score : scores)
      score = random.uniform(4);
    uint32_t places[] = {n - 1, random.below(n)};
    for (uint32_t row : {0u, 1u})
      scores[row * n + places[row]] = 5;
    expectIndices(n, scores, {places[0], places[1]});
  }
}

TEST(Argmax, TakesTheLowestOfEquals) {
  for (uint32_t n : {8u, 1000u, 5000u}) {
    Random random(n);
    std::vector<float> scores(3 * n, -1.0f);
    uint32_t first = random.below(n / 2);
    for (uint32_t i = first; i < n; i += 3)
      scores[n + i] = 2;
    scores[2 * n + 2] = -0.0f;
    scores[2 * n + 5] = 0.0f;
    expectIndices(n, scores, {0, first, 2});
  }
}

TEST(Argmax, ComparesInfinitiesLikeOtherNumbers) {
  std::vector<float> scores(18, -kInfinity);
  scores[9 + 4] = 3e38f;
  scores[9 + 7] = kInfinity;
  expectIndices(9, scores, {0, 7});
}

TEST(Argmax, GivesNoColumnWhereThereIsANaN) {
  for (uint32_t n : {1u, 7u, 300u, 4500u}) {
    std::vector<float> scores(3 * n, 1.0f);
    scores[0] = std::nanf("");
    scores[3 * n - 1] = -std::nanf("");
    scores[n + n / 2] = kInfinity;
    expectIndices(n, scores, {kNoColumn, n / 2, kNoColumn});
  }
}

TEST(Argmax, TakesRowsOfTheHeadWhereAsked) {
  Random random(1);
  ArgmaxShape shape{65, 1};
  RaggedBatch batch({{0, 4}}, 4);
  batch.rowIndex = {3, 1};
  Buffer x = randomF32(2 * 65, random, 1), index(2 * 4);
  x.set(11, 2.0f);
  x.set(65 + 64, 2.0f);
  KernelCase test{&shape, batch, {shared(x), output(index, 0)}};
  for (const NativeKernel &kernel : runnableKernels("argmax")) {
    expectSplitIndependent(kernel, test);
    EXPECT_EQ(index.get<uint32_t>(0), 11u) << kernel.row.name;
    EXPECT_EQ(index.get<uint32_t>(1), 64u) << kernel.row.name;
  }
}

} // namespace
} // namespace ds::kernels::test
