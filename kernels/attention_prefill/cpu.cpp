// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Page by page: keys and values of the page (RowDots.h), scores of up to four
// queries (Panel.h over the keys), weights (Softmax.h), weighted sums (Panel.h
// over the values).
#include "kernels/attention_prefill/attention_prefill.h"
#include "kernels/base/Pages.h"
#include "kernels/base/Panel.h"
#include "kernels/base/Row.h"
#include "kernels/base/RowDots.h"
#include "kernels/base/Softmax.h"

namespace ds::kernels {
namespace {

/// Keys and values of the first `rows` rows of a page.
template <class W>
[[clang::always_inline]] inline void
expandPage(const AttentionPrefillShape &shape, const Matrix<W> &w, uint32_t h,
           const bf16 *page, uint32_t rows,
           const AttentionPrefillSpace &space) {
  const uint32_t row = shape.latent + shape.rope;
  const uint32_t first = h * (shape.nope + shape.value);
  multiplyRows(
      w, first, first + shape.nope + shape.value, rows, space.decoded,
      [&](uint32_t u)
          __attribute__((always_inline)) { return rowOf(page, u, row); },
      [&](uint32_t u, uint32_t r, float sum) __attribute__((always_inline)) {
        const uint32_t d = r - first;
        if (d < shape.nope)
          rowOf(space.keys, d, space.page)[u] = sum;
        else
          rowOf(space.values, u, shape.value)[d - shape.nope] = sum;
      });
  for (uint32_t u = 0; u < rows; ++u)
    for (uint32_t r = 0; r < shape.rope; ++r)
      rowOf(space.keys, shape.nope + r, space.page)[u] =
          toFloat(rowOf(page, u, row)[shape.latent + r]);
}

/// Adds the first `visible` keys of the page to `tokens` queries, of which
/// the first is token i of its sequence and token t of the batch.
[[clang::always_inline]] inline void
addKeys(const AttentionPrefillShape &shape, const Call &call,
        const AttentionPrefillSpace &space, uint32_t h, uint32_t i, uint32_t t,
        uint32_t tokens, uint32_t visible) {
  const uint32_t queryStride = shape.heads * shape.headStride;
  for (uint32_t k = 0; k < tokens; ++k) {
    const bf16 *turned =
        rowOf(operand<const bf16>(call, 1), t + k, shape.heads * shape.rope) +
        h * shape.rope;
    for (uint32_t r = 0; r < shape.rope; ++r)
      space.rope[k * shape.rope + r] = toFloat(turned[r]);
    for (uint32_t u = 0; u < visible; ++u)
      space.scores[k * space.page + u] = 0;
  }
  accumulateAll(Panel<float>{space.keys, space.page, shape.nope, visible},
                tokens,
                rowOf(operand<const float>(call, 0), t, queryStride) +
                    h * shape.headStride,
                queryStride, space.scores, space.page);
  accumulateAll(Panel<float>{rowOf(space.keys, shape.nope, space.page),
                             space.page, shape.rope, visible},
                tokens, space.rope, shape.rope, space.scores, space.page);
  float *sums = rowOf(space.sums, i, shape.value);
  for (uint32_t k = 0; k < tokens; ++k)
    multiplyBy(addPage(space.softmax[i + k], space.scores + k * space.page,
                       visible, shape.scale),
               sums + k * shape.value, shape.value);
  accumulateAll(Panel<float>{space.values, shape.value, visible, shape.value},
                tokens, space.scores, space.page, sums, shape.value);
}

template <class W>
[[clang::always_inline]] inline void attend(const AttentionPrefillShape &shape,
                                            const Call &call, uint32_t b,
                                            uint32_t h) {
  const Batch &batch = *call.batch;
  const AttentionPrefillSpace space(shape, call.workspace);
  const uint32_t begin = batch.firstToken[b];
  const uint32_t tokens = batch.firstToken[b + 1] - begin;
  if (tokens == 0)
    return;
  for (uint32_t i = 0; i < tokens; ++i) {
    space.softmax[i] = RunningSoftmax();
    for (uint32_t v = 0; v < shape.value; ++v)
      rowOf(space.sums, i, shape.value)[v] = 0;
  }
  const uint32_t past = batch.positions[begin], keys = past + tokens;
  for (uint32_t first = 0; first < keys; first += shape.pageTokens) {
    const uint32_t left = keys - first;
    const uint32_t rows = left < shape.pageTokens ? left : shape.pageTokens;
    expandPage(shape, Matrix<W>::at(call.operands + 4, shape.latent), h,
               pageRows(operand<const bf16>(call, 2), batch, b,
                        first / shape.pageTokens, shape.pageTokens,
                        shape.latent + shape.rope),
               rows, space);
    for (uint32_t i = first > past ? first - past : 0; i < tokens;) {
      const uint32_t seen = past + i + 1 - first; // keys of this page and later
      const bool whole = seen >= shape.pageTokens;
      // A query never touches a key that it does not see, not even with weight
      // 0: an infinity there would become NaN here.
      const uint32_t n =
          whole && tokens - i >= kPrefillTokens ? kPrefillTokens : 1;
      addKeys(shape, call, space, h, i, begin + i, n,
              whole ? shape.pageTokens : seen);
      i += n;
    }
  }
  for (uint32_t i = 0; i < tokens; ++i)
    normalize(
        space.softmax[i], rowOf(space.sums, i, shape.value),
        rowOf(operand<bf16>(call, 3), begin + i, shape.heads * shape.value) +
            h * shape.value,
        shape.value);
}

template <class W>
[[clang::always_inline]] inline void
prefill(const AttentionPrefillShape &shape, const Call &call,
        uint32_t tileBegin, uint32_t tileEnd) {
  for (uint32_t tile = tileBegin; tile < tileEnd; ++tile)
    attend<W>(shape, call, tile / shape.heads, tile % shape.heads);
}

} // namespace

DS_DEFINE_KERNEL(DS_ROW(attention_prefill_bf16_bf16), AttentionPrefillShape,
                 attentionPrefillTiles, prefill<bf16>)
DS_DEFINE_KERNEL(DS_ROW(attention_prefill_bf16_f8e4m3fn_bs128),
                 AttentionPrefillShape, attentionPrefillTiles,
                 prefill<f8e4m3fn>)

} // namespace ds::kernels
