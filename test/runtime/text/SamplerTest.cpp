// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/text/Sampler.h"
#include "test/runtime/text/AllocationCounter.h"
#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <map>
#include <numeric>
#include <random>

namespace ds::rt {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

/// The logits after the penalties, as their formulas say.
std::vector<double> penalised(const std::vector<float> &logits,
                              const SamplingParameters &p,
                              const std::vector<uint32_t> &prompt,
                              const std::vector<uint32_t> &answer) {
  std::vector<double> z(logits.begin(), logits.end());
  for (uint32_t id = 0; id < z.size(); ++id) {
    auto count = double(std::ranges::count(answer, id));
    if (count > 0 || std::ranges::count(prompt, id) > 0)
      z[id] = z[id] < 0 ? z[id] * double(p.repetitionPenalty)
                        : z[id] / double(p.repetitionPenalty);
    z[id] -= count * double(p.frequencyPenalty) +
             (count > 0 ? double(p.presencePenalty) : 0);
  }
  return z;
}

/// The probabilities that the documented order gives, computed the plain way:
/// ascending sort and cumulative sums from the smallest.
std::vector<double> modelled(std::vector<double> z,
                             const SamplingParameters &p) {
  size_t n = z.size();
  for (double &each : z)
    each /= p.temperature;
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
  mass = softmax();
  for (size_t i = 0; i < n; ++i)
    kept[i] = kept[i] && mass[i] >= p.minP * mass[ascending.back()];
  return softmax();
}

std::vector<double> modelled(const std::vector<float> &logits,
                             const SamplingParameters &p) {
  return modelled(penalised(logits, p, {}, {}), p);
}

/// How often each id comes out at positions 0, 1, …, relative.
std::vector<double> drawn(const std::vector<float> &logits,
                          const SamplingParameters &p, size_t draws,
                          const History &history = {}) {
  Sampler sampler(uint32_t(logits.size()), uint32_t(logits.size()));
  std::vector<double> share(logits.size());
  for (size_t i = 0; i < draws; ++i) {
    auto id = sampler.pick(logits, p, i, history);
    EXPECT_TRUE(id);
    share[*id] += 1.0 / double(draws);
  }
  return share;
}

const std::vector<float> kLogits = {0.5f, 2.0f,  -1.0f, 2.0f, 1.25f,
                                    0.0f, -3.0f, 1.25f, 0.75f};

// Temperature, top-k, top-p, min-p and all at once keep exactly the tokens of
// the model, ties included, and draw them as often, to 4 standard deviations.
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
      {.temperature = 1, .minP = 0.4f},
      {.temperature = 1, .minP = 1}, // the largest has a twin
      {.temperature = 2, .minP = 1e-6f},
      {.temperature = 0.6f, .topK = 6, .topP = 0.8f, .seed = 7},
      {.temperature = 1, .topK = 7, .topP = 0.9f, .minP = 0.3f, .seed = 8},
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

struct RandomCase {
  std::vector<float> logits;
  std::vector<uint32_t> prompt, answer;
  SamplingParameters parameters;
};

/// Logits in steps of a quarter, so that there are ties; every rule on or off.
RandomCase randomCase(std::mt19937 &random) {
  auto below = [&](uint32_t limit) { return uint32_t(random()) % limit; };
  auto real = [&](float least, float most) {
    return std::uniform_real_distribution<float>(least, most)(random);
  };
  RandomCase c;
  c.logits.resize(1 + below(24));
  for (float &logit : c.logits)
    logit = (float(below(33)) - 16) / 4;
  for (std::vector<uint32_t> *ids : {&c.prompt, &c.answer})
    for (uint32_t left = below(12); left != 0; --left)
      ids->push_back(below(uint32_t(c.logits.size())));
  SamplingParameters &p = c.parameters;
  p.temperature = real(0.3f, 3);
  p.topK = below(3) ? 0 : 1 + below(uint32_t(c.logits.size()));
  p.topP = below(2) ? 1 : real(0.05f, 1);
  p.minP = below(2) ? 0 : real(0, 0.6f);
  p.repetitionPenalty = below(2) ? 1 : real(0.5f, 2);
  p.frequencyPenalty = below(2) ? 0 : real(-2, 2);
  p.presencePenalty = below(2) ? 0 : real(-2, 2);
  p.seed = random();
  return c;
}

// All rules together, on logits and histories of any kind, keep the tokens of
// the model and draw them as often, to 5 standard deviations.
TEST(Sampler, draws_what_the_model_says_on_random_logits) {
  constexpr size_t draws = 4000;
  std::mt19937 random(11);
  for (int i = 0; i < 200; ++i) {
    RandomCase c = randomCase(random);
    std::vector<double> expected = modelled(
        penalised(c.logits, c.parameters, c.prompt, c.answer), c.parameters);
    std::vector<double> share =
        drawn(c.logits, c.parameters, draws, {c.prompt, c.answer});
    for (size_t id = 0; id < c.logits.size(); ++id) {
      if (expected[id] == 0 || expected[id] > 0.01)
        EXPECT_EQ(share[id] > 0, expected[id] > 0) << i << ": " << id;
      double deviation =
          std::sqrt(expected[id] * (1 - expected[id]) / double(draws));
      EXPECT_NEAR(share[id], expected[id], 5 * deviation + 1e-3) << i;
    }
  }
}

// Penalties come before the choice, greedy or not.
TEST(Sampler, greedy_takes_the_largest_after_penalties) {
  std::mt19937 random(12);
  size_t changed = 0;
  for (int i = 0; i < 2000; ++i) {
    RandomCase c = randomCase(random);
    c.parameters.temperature = 0;
    auto size = uint32_t(c.logits.size());
    std::vector<double> z =
        penalised(c.logits, c.parameters, c.prompt, c.answer);
    auto largest = uint32_t(std::ranges::max_element(z) - z.begin());
    auto picked = Sampler(size, size).pick(c.logits, c.parameters, 0,
                                           {c.prompt, c.answer});
    ASSERT_TRUE(picked);
    EXPECT_EQ(*picked, largest);
    changed += largest != uint32_t(std::ranges::max_element(c.logits) -
                                   c.logits.begin());
  }
  EXPECT_GT(changed, 100u);
}

// An id of the prompt that is padding is never given, and so never penalised.
TEST(Sampler, penalties_ignore_padding) {
  std::vector<uint32_t> ids = {4, 4, 1};
  std::vector<float> logits = {0, 1, 0.9f, 50, 50};
  SamplingParameters p{.repetitionPenalty = 2, .presencePenalty = 0.5f};
  EXPECT_EQ(*Sampler(5, 3).pick(logits, p, 0, {ids, ids}), 2u);
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
  SamplingParameters penalties{.temperature = 0.6f,
                               .topK = 6,
                               .topP = 0.8f,
                               .minP = 0.1f,
                               .repetitionPenalty = 1.1f,
                               .frequencyPenalty = 0.5f,
                               .presencePenalty = -0.5f};
  SamplingParameters cases[] = {{}, {.temperature = 1}, penalties};
  std::vector<uint32_t> ids = {1, 3, 3, 8};
  size_t before = numAllocations();
  EXPECT_GT(before, 0u);
  uint32_t sum = 0;
  for (const SamplingParameters &p : cases)
    for (uint64_t i = 0; i < 100; ++i)
      sum += *sampler.pick(kLogits, p, i, {ids, ids});
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
  for (float wrong : {-0.01f, 1.01f, kNaN})
    EXPECT_EQ(refused({.minP = wrong}), "--min-p");
  for (float wrong : {0.0f, -1.0f, kNaN, kInfinity})
    EXPECT_EQ(refused({.repetitionPenalty = wrong}), "--repetition-penalty");
  for (float wrong : {-2.01f, 2.01f, kNaN, kInfinity}) {
    EXPECT_EQ(refused({.frequencyPenalty = wrong}), "--frequency-penalty");
    EXPECT_EQ(refused({.presencePenalty = wrong}), "--presence-penalty");
  }
}

// An error says what was found, as it would be written, and what is allowed.
TEST(Sampler, errors_name_value_and_range) {
  Status status = SamplingParameters{.topP = -1e-9f, .minP = 2}.check();
  ASSERT_EQ(status.errors().size(), 2u);
  EXPECT_EQ(status.errors()[0].message(),
            "error[E810]: --top-p: found -1e-09, expected above 0, at most 1");
  EXPECT_EQ(status.errors()[1].message(),
            "error[E810]: --min-p: found 2, expected 0 (off) to 1");
}

} // namespace
} // namespace ds::rt
