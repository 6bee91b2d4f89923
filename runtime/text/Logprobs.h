// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How likely the model itself held a token and its rivals: logarithms of
// probabilities by softmax of the logits, before any penalty, temperature or
// filter.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace ds::rt {

struct TokenLogprob {
  uint32_t id;
  float logprob; // natural logarithm, finite
};

/// Most rivals that can be asked for, as in OpenAI's API.
constexpr uint32_t kMaxLogprobs = 20;

/// Appends `token`, then the likeliest `count` tokens (all, where there are
/// fewer), the likeliest first, of equals the lowest id. `logits` are finite,
/// of real tokens only. Allocates nothing where `out` has room.
void appendLogprobs(std::span<const float> logits, uint32_t token,
                    uint32_t count, std::vector<TokenLogprob> &out);

} // namespace ds::rt
