// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/text/Logprobs.h"
#include <algorithm>
#include <cmath>
#include <limits>

namespace ds::rt {

void appendLogprobs(std::span<const float> logits, uint32_t token,
                    uint32_t count, std::vector<TokenLogprob> &out) {
  size_t first = out.size();
  out.push_back({token, logits[token]});
  // The rivals stay sorted, as logits; most tokens fail the first comparison.
  for (uint32_t id = 0; count != 0 && id < logits.size(); ++id) {
    if (out.size() - first > count) {
      if (logits[id] <= out.back().logprob)
        continue;
      out.pop_back();
    }
    out.push_back({id, logits[id]});
    for (size_t at = out.size() - 1;
         at - 1 > first && out[at - 1].logprob < out[at].logprob; --at)
      std::swap(out[at - 1], out[at]);
  }

  double most = *std::max_element(logits.begin(), logits.end()), total = 0;
  for (float logit : logits)
    total += std::exp(double(logit) - most);
  double normaliser = most + std::log(total);
  constexpr double least = std::numeric_limits<float>::lowest();
  for (TokenLogprob &entry : std::span(out).subspan(first))
    entry.logprob = float(std::max(double(entry.logprob) - normaliser, least));
}

} // namespace ds::rt
