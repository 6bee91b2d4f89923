// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/text/Sampler.h"
#include "test/runtime/text/AllocationCounter.h"
#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <map>
#include <numeric>

namespace ds::rt {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

/// The probabilities that the documented order gives, computed the plain way:
/// ascending sort and cumulative sums from the smallest.
std::vector<double> modelled(std::vector<float> logits,
                             const SamplingParameters &p) {
  size_t n = logits.size();
  std::vector<double> z(n);
  for (size_t i = 0; i < n; ++i)
    z[i] = double(logits[i]) / p.temperature;
  std::vector<size_t> ascending(n);
  std::iota(ascending.begin(), ascending.end(), size_t(0));
  std::ranges::sort(ascending, [&](size_t a, size_t b) {
    return z[a] != z[b] ? z[a] < z[b] : a > b;
  });
  std::vector<bool> kept(n, true);
  if (p.topK > 0 && size_t(p.topK) < n) {
    double least = z[ascending[n - size_t(p.topK)]];
    for (size_t i = 0; i < n; ++i)
      kept[i] = z[i] >= least;
  }
  auto softmax = [&] {
    std::vector<double> mass(n, 0.0);
    double total = 0;
    for (size_t i = 0; i < n; ++i)
      if (kept[i])
        total += mass[i] = std::exp(z[i] - z[ascending.back()]);
    for (double &m : mass)
      m /= total;
    return mass;
  };
  std::vector<double> mass = softmax();
  double cumulative = 0;
  for (size_t i : ascending) {
    cumulative += mass[i];
    if (p.topP < 1 && cumulative <= 1 - double(p.topP) && i != ascending.back())
      kept[i] = false;
  }
  return softmax();
}

/// How often each id comes out at positions 0, 1, …, relative.
std::vector<double> drawn(const std::vector<float> &logits,
                          const SamplingParameters &p, size_t draws) {
  Sampler sampler(uint32_t(logits.size()), uint32_t(logits.size()));
  std::vector<double> share(logits.size());
  for (size_t i = 0; i < draws; ++i) {
    auto id = sampler.pick(logits, p, i);
    EXPECT_TRUE(id);
    share[*id] += 1.0 / double(draws);
  }
  return share;
}

const std::vector<float> kLogits = {0.5f, 2.0f,  -1.0f, 2.0f, 1.25f,
                                    0.0f, -3.0f, 1.25f, 0.75f};

// Temperature, top-k, top-p and all at once keep exactly the tokens of the
// model, ties included, and draw them as often, to 4 standard deviations.
TEST(Sampler, draws_what_the_model_says) {
  constexpr size_t draws = 40000;
  SamplingParameters cases[] = {
      {.temperature = 1},
      {.temperature = 0.6f},
      {.temperature = 3},
      {.temperature = 1, .topK = 1},
      {.temperature = 1, .topK = 3}, // the third largest has a twin
      {.temperature = 1, .topK = 100},
      {.temperature = 1, .topP = 0.5f},
      {.temperature = 1, .topP = 0.95f},
      {.temperature = 1, .topP = 1e-6f},
      {.temperature = 0.6f, .topK = 6, .topP = 0.8f, .seed = 7},
  };
  for (const SamplingParameters &p : cases) {
    std::vector<double> expected = modelled(kLogits, p);
    std::vector<double> share = drawn(kLogits, p, draws);
    for (size_t id = 0; id < kLogits.size(); ++id) {
      EXPECT_EQ(share[id] > 0, expected[id] > 0) << id;
      double deviation =
          std::sqrt(expected[id] * (1 - expected[id]) / double(draws));
      EXPECT_NEAR(share[id], expected[id], 4 * deviation + 1e-9);
    }
  }
}

TEST(Sampler, greedy_takes_the_lowest_of_equals) {
  Sampler sampler(9, 9);
  EXPECT_EQ(*sampler.pick(kLogits, {}, 0), 1u);
  EXPECT_EQ(*sampler.pick(kLogits, {}, 99), 1u);
}

// With top-p so small that one token stays, that is the lowest of equals.
TEST(Sampler, top_p_keeps_the_lowest_of_equals) {
  Sampler sampler(9, 9);
  for (uint64_t i = 0; i < 100; ++i)
    EXPECT_EQ(*sampler.pick(kLogits, {.temperature = 1, .topP = 0.01f}, i), 1u);
}

TEST(Sampler, never_gives_padding) {
  std::vector<float> logits = {0, 1, 0, 50, 50};
  Sampler sampler(5, 3);
  EXPECT_EQ(*sampler.pick(logits, {}, 0), 1u);
  for (uint64_t i = 0; i < 1000; ++i)
    EXPECT_LT(*sampler.pick(logits, {.temperature = 9}, i), 3u);
}

// The same seed and position give the same token whatever came before; another
// seed gives another sequence.
TEST(Sampler, depends_on_seed_and_position_alone) {
  std::vector<float> flat(1000, 0.0f);
  auto sequence = [&](uint64_t seed, bool backwards) {
    Sampler sampler(1000, 1000);
    std::map<uint64_t, uint32_t> ids;
    for (uint64_t i = 0; i < 50; ++i) {
      uint64_t position = backwards ? 49 - i : i;
      ids[position] =
          *sampler.pick(flat, {.temperature = 1, .seed = seed}, position);
    }
    return ids;
  };
  EXPECT_EQ(sequence(3, false), sequence(3, true));
  EXPECT_NE(sequence(3, false), sequence(4, false));
}

// A seed's numbers fill [0, 1) evenly, and near seeds have nothing in common.
TEST(Sampler, uniform_numbers_are_even) {
  for (uint64_t seed : {0, 1, 2}) {
    size_t bins[10] = {};
    double product = 0;
    for (uint64_t i = 0; i < 100000; ++i) {
      double x = uniform(seed, i);
      ASSERT_TRUE(x >= 0 && x < 1);
      ++bins[size_t(x * 10)];
      product += (x - 0.5) * (uniform(seed + 1, i) - 0.5);
    }
    for (size_t bin : bins)
      EXPECT_NEAR(double(bin), 10000, 400);
    EXPECT_NEAR(product / 100000, 0, 0.0011); // 4 deviations of 1/12/sqrt(n)
  }
}

// A tiny temperature is greedy without overflow.
TEST(Sampler, survives_extreme_numbers) {
  std::vector<float> logits = {-3e38f, 3e38f, 0};
  Sampler sampler(3, 3);
  SamplingParameters tiny{.temperature =
                              std::numeric_limits<float>::denorm_min()};
  EXPECT_EQ(*sampler.pick(logits, tiny, 5), 1u);
}

// The token loop asks for no memory, from the first token on.
TEST(Sampler, allocates_nothing_while_it_picks) {
  Sampler sampler(9, 9);
  SamplingParameters cases[] = {
      {}, {.temperature = 1}, {.temperature = 0.6f, .topK = 6, .topP = 0.8f}};
  size_t before = numAllocations();
  EXPECT_GT(before, 0u);
  uint32_t sum = 0;
  for (const SamplingParameters &p : cases)
    for (uint64_t i = 0; i < 100; ++i)
      sum += *sampler.pick(kLogits, p, i);
  size_t after = numAllocations();
  EXPECT_EQ(after, before);
  EXPECT_GT(sum, 0u);
}

// A row with NaN or infinity anywhere, padding included, is never sampled.
TEST(Sampler, refuses_logits_that_are_not_finite) {
  for (float bad : {kNaN, kInfinity, -kInfinity})
    for (size_t place : {0, 4, 8}) {
      std::vector<float> logits = kLogits;
      logits[place] = bad;
      Sampler sampler(9, 6);
      for (float temperature : {0.0f, 1.0f}) {
        auto id = sampler.pick(logits, {.temperature = temperature}, 12);
        ASSERT_FALSE(id);
        Status status = id.takeStatus();
        EXPECT_EQ(status.exit(), Exit::Numerical);
        EXPECT_EQ(status.errors()[0].where, "position 12");
      }
    }
}

TEST(Sampler, checks_the_range_of_each_option) {
  auto refused = [](const SamplingParameters &p) -> std::string {
    Status status = p.check();
    if (status)
      return "";
    EXPECT_EQ(status.exit(), Exit::Usage);
    return status.errors()[0].subject;
  };
  EXPECT_EQ(refused({}), "");
  EXPECT_EQ(refused({.temperature = 2, .topK = 50, .topP = 0.1f}), "");
  for (float wrong : {-0.1f, kNaN, kInfinity})
    EXPECT_EQ(refused({.temperature = wrong}), "--temperature");
  EXPECT_EQ(refused({.topK = -1}), "--top-k");
  for (float wrong : {0.0f, -1.0f, 1.01f, kNaN})
    EXPECT_EQ(refused({.topP = wrong}), "--top-p");
}

} // namespace
} // namespace ds::rt
