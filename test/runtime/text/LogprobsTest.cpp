// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/text/Logprobs.h"
#include "test/runtime/text/AllocationCounter.h"
#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <numeric>
#include <random>

namespace ds::rt {
namespace {

/// log(exp(l) / sum exp), for each logit.
std::vector<double> modelled(const std::vector<float> &logits) {
  double total = 0;
  for (float logit : logits)
    total += std::exp(double(logit));
  std::vector<double> out;
  for (float logit : logits)
    out.push_back(std::log(std::exp(double(logit)) / total));
  return out;
}

// The token comes first, then the likeliest by a plain sort, ties
// included, each with the logarithm of its probability.
TEST(Logprobs, equal_the_model_on_random_logits) {
  std::mt19937 random(3);
  for (int i = 0; i < 500; ++i) {
    std::vector<float> logits(1 + random() % 40);
    for (float &logit : logits)
      logit = (float(random() % 40) - 20) / 4; // ties
    std::vector<double> expected = modelled(logits);
    std::vector<uint32_t> order(logits.size());
    std::iota(order.begin(), order.end(), 0u);
    std::ranges::sort(order, [&](uint32_t a, uint32_t b) {
      return logits[a] != logits[b] ? logits[a] > logits[b] : a < b;
    });
    auto token = uint32_t(random() % logits.size());
    for (uint32_t count : {0u, 1u, 5u, kMaxLogprobs}) {
      std::vector<TokenLogprob> out;
      appendLogprobs(logits, token, count, out);
      ASSERT_EQ(out.size(), 1 + std::min<size_t>(count, logits.size()));
      EXPECT_EQ(out[0].id, token);
      for (size_t k = 0; k < out.size(); ++k) {
        if (k != 0)
          EXPECT_EQ(out[k].id, order[k - 1]);
        EXPECT_NEAR(out[k].logprob, expected[out[k].id], 1e-5);
      }
    }
  }
}

// The largest logits there are give finite numbers, and the sure token none
// above 0.
TEST(Logprobs, survive_extreme_numbers) {
  std::vector<float> logits = {-3e38f, 3e38f};
  std::vector<TokenLogprob> out;
  appendLogprobs(logits, 0, 2, out);
  EXPECT_EQ(out[1].logprob, 0.0f);
  EXPECT_TRUE(std::isfinite(out[0].logprob));
  EXPECT_LT(out[0].logprob, -3e38f);
}

// What was there stays, and where there is room no memory is asked for.
TEST(Logprobs, append_without_allocating) {
  std::vector<float> logits(100, 1.0f);
  std::vector<TokenLogprob> out;
  out.reserve(2 * (1 + kMaxLogprobs));
  size_t before = numAllocations();
  appendLogprobs(logits, 7, kMaxLogprobs, out);
  appendLogprobs(logits, 8, kMaxLogprobs, out);
  EXPECT_EQ(numAllocations(), before);
  EXPECT_EQ(out[0].id, 7u);
  EXPECT_EQ(out[1 + kMaxLogprobs].id, 8u);
  EXPECT_EQ(out.back().id, kMaxLogprobs - 1);
}

} // namespace
} // namespace ds::rt
