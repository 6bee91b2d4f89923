// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One key after the other, for all queries that see it: everything in double,
// the exponential in f32.
#include "kernels/attention_prefill/attention_prefill.h"
#include "kernels/base/Math.h"
#include "kernels/base/Pages.h"
#include "kernels/base/Row.h"

namespace ds::kernels {
namespace {

/// key and value of a head from a row of the state.
template <class W>
[[clang::always_inline]] inline void
expand(const AttentionPrefillShape &shape, const Matrix<W> &w, uint32_t h,
       const float *row, const AttentionReferenceSpace &space) {
  const uint32_t first = h * (shape.nope + shape.value);
  for (uint32_t r = 0; r < shape.nope + shape.value; ++r) {
    double sum = 0;
    for (uint32_t c = 0; c < shape.latent; ++c)
      sum += w.value(first + r, c) * row[c];
    (r < shape.nope ? space.key[r] : space.value[r - shape.nope]) = sum;
  }
}

template <class W>
[[clang::always_inline]] inline void attend(const AttentionPrefillShape &shape,
                                            const Call &call, uint32_t b,
                                            uint32_t h) {
  const Batch &batch = *call.batch;
  const AttentionReferenceSpace space(shape, call.workspace);
  const uint32_t row = shape.latent + shape.rope;
  const uint32_t begin = batch.firstToken[b];
  const uint32_t tokens = batch.firstToken[b + 1] - begin;
  if (tokens == 0)
    return;
  for (uint32_t i = 0; i < tokens; ++i) {
    space.largest[i] = kLowestScore;
    space.sum[i] = 0;
    for (uint32_t v = 0; v < shape.value; ++v)
      rowOf(space.sums, i, shape.value)[v] = 0;
  }
  const uint32_t past = batch.positions[begin];
  for (uint32_t u = 0; u < past + tokens; ++u) {
    const float *key = pageRows(operand<const float>(call, 2), batch, b,
                                u / shape.pageTokens, shape.pageTokens, row) +
                       size_t(u % shape.pageTokens) * row;
    expand(shape, Matrix<W>::at(call.operands + 4, shape.latent), h, key,
           space);
    for (uint32_t i = u > past ? u - past : 0; i < tokens; ++i) {
      const float *query = rowOf(operand<const float>(call, 0), begin + i,
                                 shape.heads * shape.headStride) +
                           h * shape.headStride;
      const float *turned = rowOf(operand<const float>(call, 1), begin + i,
                                  shape.heads * shape.rope) +
                            h * shape.rope;
      double score = 0;
      for (uint32_t d = 0; d < shape.nope; ++d)
        score += query[d] * space.key[d];
      for (uint32_t r = 0; r < shape.rope; ++r)
        score += double(turned[r]) * key[shape.latent + r];
      score *= shape.scale;
      double &largest = space.largest[i];
      const double now = score > largest ? score : largest;
      const double factor = exponential(float(largest - now));
      const double weight = exponential(float(score - now));
      largest = now;
      space.sum[i] = space.sum[i] * factor + weight;
      double *sums = rowOf(space.sums, i, shape.value);
      for (uint32_t v = 0; v < shape.value; ++v)
        sums[v] = sums[v] * factor + weight * space.value[v];
    }
  }
  for (uint32_t i = 0; i < tokens; ++i) {
    float *o =
        rowOf(operand<float>(call, 3), begin + i, shape.heads * shape.value) +
        h * shape.value;
    for (uint32_t v = 0; v < shape.value; ++v)
      o[v] = float(rowOf(space.sums, i, shape.value)[v] / space.sum[i]);
  }
}

template <class W>
[[clang::always_inline]] inline void
prefill(const AttentionPrefillShape &shape, const Call &call,
        uint32_t tileBegin, uint32_t tileEnd) {
  for (uint32_t tile = tileBegin; tile < tileEnd; ++tile)
    attend<W>(shape, call, tile / shape.heads, tile % shape.heads);
}

} // namespace

DS_DEFINE_KERNEL(attention_prefill_f32_bf16_generic, AttentionPrefillShape,
                 attentionPrefillTiles, prefill<bf16>)
DS_DEFINE_KERNEL(attention_prefill_f32_f8e4m3fn_bs128_generic,
                 AttentionPrefillShape, attentionPrefillTiles,
                 prefill<f8e4m3fn>)

} // namespace ds::kernels
