// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One key after the other: scores and sums in double, the exponential in f32.
#include "kernels/base/Math.h"
#include "kernels/base/Pages.h"
#include "kernels/base/Row.h"
#include "kernels/base/RunningSoftmax.h"
#include "kernels/mla_decode/mla_decode.h"

namespace ds::kernels {
namespace {

/// A tile is one token and one head.
[[clang::always_inline]] inline uint32_t
decodeTiles(const MLADecodeShape &shape, const Batch &batch) {
  return batch.tokens * shape.heads;
}

[[clang::always_inline]] inline void decode(const MLADecodeShape &shape,
                                            const Call &call,
                                            uint32_t tileBegin,
                                            uint32_t tileEnd) {
  const float *state = operand<const float>(call, 2);
  double *sums = static_cast<double *>(call.workspace); // [latent]
  const uint32_t latent = shape.latent, rope = shape.rope;
  for (uint32_t tile = tileBegin; tile < tileEnd; ++tile) {
    const uint32_t t = tile / shape.heads;
    const float *query = rowOf(operand<const float>(call, 0), tile, latent);
    const float *turned = rowOf(operand<const float>(call, 1), tile, rope);
    double largest = kLowestScore, sum = 0;
    for (uint32_t c = 0; c < latent; ++c)
      sums[c] = 0;
    for (uint32_t u = 0; u <= call.batch->positions[t]; ++u) {
      const float *row =
          pageRows(state, *call.batch, call.batch->sequenceOf[t],
                   u / shape.pageTokens, shape.pageTokens, latent + rope) +
          size_t(u % shape.pageTokens) * (latent + rope);
      double score = 0;
      for (uint32_t c = 0; c < latent; ++c)
        score += double(query[c]) * row[c];
      for (uint32_t r = 0; r < rope; ++r)
        score += double(turned[r]) * row[latent + r];
      score *= shape.scale;
      const double now = score > largest ? score : largest;
      const double factor = exponential(float(largest - now));
      const double weight = exponential(float(score - now));
      largest = now;
      sum = sum * factor + weight;
      for (uint32_t c = 0; c < latent; ++c)
        sums[c] = sums[c] * factor + weight * row[c];
    }
    float *o = rowOf(operand<float>(call, 3), tile, latent);
    for (uint32_t c = 0; c < latent; ++c)
      o[c] = float(sums[c] / sum);
  }
}

} // namespace

DS_DEFINE_KERNEL(mla_decode_f32_generic, MLADecodeShape, decodeTiles, decode)

} // namespace ds::kernels
