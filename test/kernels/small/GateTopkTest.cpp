// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernels/Contracts.h"
#include "test/kernels/KernelTest.h"
#include <algorithm>
#include <cmath>
#include <numeric>

namespace ds::kernels::test {
namespace {

enum { kSigmoid, kSoftmax };
enum { kTwoLargest, kLargest };
enum { kNoBias, kBiasF32, kBiasBF16 };

GateTopkShape plain(uint32_t experts, uint32_t topk) {
  return {experts, topk, 1, 1, kSigmoid, kTwoLargest, 0, kNoBias, 1.0f};
}

struct Chosen {
  std::vector<uint32_t> ids;
  std::vector<double> weights;
};

/// Two rows sum a softmax in different orders; all else has the same bits.
void expectSame(const Chosen &got, const Chosen &want,
                const GateTopkShape &shape) {
  EXPECT_EQ(got.ids, want.ids);
  std::vector<double> bound;
  for (double weight : want.weights)
    bound.push_back(
        shape.scoring == kSigmoid ? 0 : weight * shape.experts * 0x1p-24);
  expectWithin(got.weights, want.weights, bound);
}

/// Runs every row on rows of logits; checks independence on the way.
Chosen choose(const GateTopkShape &shape, const std::vector<float> &logits,
              const std::vector<float> &bias = {}) {
  uint32_t tokens = uint32_t(logits.size()) / shape.experts;
  Buffer z(logits.size() * 4), ids(tokens * shape.topk * 4),
      weights(tokens * shape.topk * 4);
  for (size_t i = 0; i < logits.size(); ++i)
    z.set(i, logits[i]);
  Buffer f32(bias.size() * 4, 1), half(bias.size() * 2, 1);
  for (size_t i = 0; i < bias.size(); ++i) {
    f32.set(i, bias[i]);
    half.set(i, toBF16(bias[i]));
  }
  KernelCase test{&shape,
                  RaggedBatch({{0, tokens}}, 16),
                  {input(z, shape.experts * 4), output(ids, shape.topk * 4),
                   output(weights, shape.topk * 4)}};
  if (shape.bias != kNoBias)
    test.operands.push_back(shared(shape.bias == kBiasF32 ? f32 : half));
  std::vector<Chosen> all;
  for (const NativeKernel &kernel : runnableKernels("gate_topk")) {
    SCOPED_TRACE(kernel.row.name);
    expectTokenIndependent(kernel, test);
    expectSplitIndependent(kernel, test);
    Chosen &chosen =
        all.emplace_back(Chosen{{}, values(weights, Activation::F32)});
    for (size_t i = 0; i < ids.bytes() / 4; ++i)
      chosen.ids.push_back(ids.get<uint32_t>(i));
    expectSame(chosen, all.front(), shape);
  }
  return all.front();
}

using Ids = std::vector<uint32_t>;

TEST(GateTopk, TakesTheLargestFallingAndTheLowerIndexAmongEquals) {
  Chosen chosen = choose(plain(7, 5), {1, 3, 2, 3, -1, 3, 2});
  EXPECT_EQ(chosen.ids, (Ids{1, 3, 5, 2, 6}));
  EXPECT_NEAR(chosen.weights[0], 1 / (1 + std::exp(-3.0)), 1e-7);
  EXPECT_NEAR(chosen.weights[4], 1 / (1 + std::exp(-2.0)), 1e-7);
}

TEST(GateTopk, AllEqualTakesTheFirstExpertsOfTheFirstGroups) {
  GateTopkShape shape = plain(16, 4);
  shape.groups = 8;
  shape.topkGroups = 4;
  EXPECT_EQ(choose(shape, std::vector<float>(16, 0.5f)).ids, (Ids{0, 1, 2, 3}));
}

TEST(GateTopk, BiasChoosesButDoesNotWeigh) {
  for (uint32_t kind : {kBiasF32, kBiasBF16}) {
    GateTopkShape shape = plain(4, 2);
    shape.bias = kind;
    Chosen chosen = choose(shape, {2, 1, 0, -1}, {-5, 0, 0, 5});
    EXPECT_EQ(chosen.ids, (Ids{3, 1}));
    EXPECT_NEAR(chosen.weights[0], 1 / (1 + std::exp(1.0)), 1e-7);
    EXPECT_NEAR(chosen.weights[1], 1 / (1 + std::exp(-1.0)), 1e-7);
  }
}

// Masked with 0 instead of -infinity, expert 0 would win over negative scores.
TEST(GateTopk, MaskedGroupsLoseAgainstNegativeScores) {
  GateTopkShape shape = plain(8, 3);
  shape.groups = 4;
  shape.topkGroups = 2;
  shape.bias = kBiasF32;
  Chosen chosen = choose(shape, {0, 0, 0, 0, 0, 0, 0, 0},
                         {-9, -9, -2, -3, -9, -9, -4, -2.5f});
  EXPECT_EQ(chosen.ids, (Ids{2, 7, 3}));
}

// By two largest, group 1 (0.5 + 0.5) beats group 0 (0.7 + 0.1); by the largest
// it does not.
TEST(GateTopk, GroupScoreIsTheSumOfTwoOrTheLargest) {
  auto logit = [](double p) { return float(std::log(p / (1 - p))); };
  std::vector<float> z = {logit(.7), logit(.1), logit(.5), logit(.5)};
  GateTopkShape shape = plain(4, 1);
  shape.groups = 2;
  shape.topkGroups = 1;
  EXPECT_EQ(choose(shape, z).ids, (Ids{2}));
  shape.groupScore = kLargest;
  EXPECT_EQ(choose(shape, z).ids, (Ids{0}));
}

TEST(GateTopk, NormalisesThenScales) {
  GateTopkShape shape = plain(4, 2);
  shape.normalize = 1;
  shape.scale = 2.5f;
  Chosen chosen = choose(shape, {0, 1, 2, -1});
  double a = 1 / (1 + std::exp(-2.0)), b = 1 / (1 + std::exp(-1.0));
  EXPECT_NEAR(chosen.weights[0], 2.5 * a / (a + b), 5e-7);
  EXPECT_NEAR(chosen.weights[1], 2.5 * b / (a + b), 5e-7);
}

TEST(GateTopk, RowsOfVanishingScoresStayFinite) {
  GateTopkShape shape = plain(4, 2);
  shape.normalize = 1;
  EXPECT_EQ(choose(shape, std::vector<float>(4, -200.0f)).weights,
            (std::vector<double>{0, 0}));
}

TEST(GateTopk, ARowWithNaNGivesTheFirstIdsAndNaNAndSparesItsNeighbours) {
  for (uint32_t scoring : {kSigmoid, kSoftmax}) {
    GateTopkShape shape = plain(4, 2);
    shape.scoring = scoring;
    for (int at = 0; at < 4; ++at) {
      std::vector<float> z = {0, 1, 2, 3, 0, 1, 2, 3};
      z[at] = std::nanf("");
      Chosen chosen = choose(shape, z);
      EXPECT_EQ(chosen.ids, (Ids{0, 1, 3, 2}));
      EXPECT_TRUE(std::isnan(chosen.weights[0]) &&
                  std::isnan(chosen.weights[1]));
      EXPECT_FALSE(std::isnan(chosen.weights[2]));
    }
  }
}

/// The contract once more, with sorting, in double from the f32 scores on.
Chosen expected(const GateTopkShape &shape, const float *z,
                const std::vector<float> &bias) {
  uint32_t experts = shape.experts;
  std::vector<double> s(experts), c(experts);
  double sum = 0, largest = *std::max_element(z, z + experts);
  for (uint32_t e = 0; e < experts; ++e)
    sum += std::exp(z[e] - largest);
  for (uint32_t e = 0; e < experts; ++e) {
    s[e] = shape.scoring == kSoftmax ? std::exp(z[e] - largest) / sum
                                     : 1 / (1 + std::exp(-double(z[e])));
    c[e] = s[e] + (bias.empty() ? 0.0f : bias[e]);
  }
  auto order = [](const std::vector<double> &by) {
    std::vector<uint32_t> list(by.size());
    std::iota(list.begin(), list.end(), 0u);
    std::sort(list.begin(), list.end(), [&](uint32_t a, uint32_t b) {
      return by[a] != by[b] ? by[a] > by[b] : a < b;
    });
    return list;
  };
  uint32_t width = experts / shape.groups;
  std::vector<double> groups;
  for (uint32_t g = 0; g < shape.groups; ++g) {
    std::vector<double> group(c.begin() + g * width,
                              c.begin() + (g + 1) * width);
    std::sort(group.rbegin(), group.rend());
    groups.push_back(shape.groupScore == kLargest ? group[0]
                                                  : group[0] + group[1]);
  }
  auto best = order(groups);
  for (uint32_t i = shape.topkGroups; i < shape.groups; ++i)
    std::fill_n(c.begin() + best[i] * width, width, -HUGE_VAL);
  Chosen chosen{order(c), {}};
  chosen.ids.resize(shape.topk);
  double total = 1e-20;
  for (uint32_t id : chosen.ids)
    total += s[id];
  for (uint32_t id : chosen.ids)
    chosen.weights.push_back(s[id] / (shape.normalize ? total : 1) *
                             double(shape.scale));
  return chosen;
}

// Random logits: no two scores come closer than f32 can tell for these seeds.
TEST(GateTopk, AgreesWithSortingForPublishedShapes) {
  const GateTopkShape shapes[] = {
      // V3
      {256, 8, 8, 4, kSigmoid, kTwoLargest, 1, kBiasF32, 2.5f},
      {256, 8, 8, 4, kSigmoid, kTwoLargest, 1, kBiasBF16, 2.5f},
      // V2, V2-Lite
      {160, 6, 8, 3, kSoftmax, kLargest, 0, kNoBias, 16.0f},
      {64, 6, 1, 1, kSoftmax, kLargest, 0, kNoBias, 1.0f},
      // as many picks as experts
      {40, 40, 1, 1, kSigmoid, kTwoLargest, 1, kNoBias, 1.0f},
      // nothing is a multiple of anything
      {35, 3, 5, 2, kSigmoid, kTwoLargest, 1, kBiasF32, 1.5f}};
  for (const GateTopkShape &shape : shapes) {
    SCOPED_TRACE(shape.experts);
    Random random(shape.experts);
    constexpr uint32_t kTokens = 20;
    std::vector<float> z(kTokens * shape.experts), bias;
    for (float &value : z)
      value = random.uniform(4);
    if (shape.bias != kNoBias)
      for (uint32_t e = 0; e < shape.experts; ++e)
        bias.push_back(toFloat(toBF16(random.uniform(0.5f) - 0.6f)));
    Chosen chosen = choose(shape, z, bias);
    for (uint32_t t = 0; t < kTokens; ++t) {
      Chosen want = expected(shape, &z[t * shape.experts], bias);
      for (uint32_t k = 0; k < shape.topk; ++k) {
        EXPECT_EQ(chosen.ids[t * shape.topk + k], want.ids[k]) << t << " " << k;
        EXPECT_NEAR(chosen.weights[t * shape.topk + k], want.weights[k],
                    want.weights[k] * 1e-5)
            << t << " " << k;
      }
    }
  }
}

} // namespace
} // namespace ds::kernels::test
