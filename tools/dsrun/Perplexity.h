// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// dsrun ppl: how well a plan predicts a text, and how far it is from another
// plan of the same model.
#pragma once
#include "runtime/base/Status.h"
#include "runtime/exec/Session.h"
#include <atomic>
#include <span>
#include <string>
#include <vector>

namespace ds::dsrun {

/// Sums over the tokens that were predicted: all of a text but the first of
/// each window. Logarithms are natural, sums are in double.
struct TextQuality {
  uint64_t tokens = 0, windows = 0;
  double negativeLogLikelihood = 0; // sum of -ln p(token)
  // Against the other plan, p being its distribution and q ours:
  double divergence = 0, largestDivergence = 0; // KL(p || q) = sum p ln(p / q)
  uint64_t agreements = 0; // tokens where both hold the same id likeliest

  double mean() const { return negativeLogLikelihood / double(tokens); }
};

struct MeasuredPlan {
  rt::Session *session;
  std::string file; // for errors
};

/// Cuts every text into windows of at most `window` tokens and predicts each
/// token of a window from those before it. Softmax runs over real tokens.
/// The session of `against` is null or has the same vocabulary. Stops early, with
/// what has been counted, when `cancel` becomes true. Errors: no text, or one of
/// fewer than two tokens (3), those of Session::prefill, LogitsNotFinite (10).
/// Those of the text name `textFile`.
Result<TextQuality> measureText(const MeasuredPlan &plan,
                                const MeasuredPlan &against,
                                std::span<const std::vector<uint32_t>> texts,
                                const std::string &textFile,
                                uint32_t window,
                                const std::atomic<bool> &cancel);

/// Lines for people, or one JSON object.
std::string qualityText(const TextQuality &quality, bool isCompared,
                        bool isJson);

} // namespace ds::dsrun
