// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Page by page: scores of a page for all heads of the tile (RowDots.h), weights
// (Softmax.h), weighted sums of its rows (Panel.h).
#include "kernels/base/Pages.h"
#include "kernels/base/Panel.h"
#include "kernels/base/Row.h"
#include "kernels/base/RowDots.h"
#include "kernels/base/Softmax.h"
#include "kernels/mla_decode/mla_decode.h"

namespace ds::kernels {
namespace {

[[clang::always_inline]] inline uint32_t
decodeTiles(const MLADecodeShape &shape, const Batch &batch) {
  return batch.tokens * ceilDiv(shape.heads, kDecodeHeads);
}

/// The query as a row of the state: latent, then rope part.
[[clang::always_inline]] inline void joinQuery(const MLADecodeShape &shape,
                                               const bf16 *latent,
                                               const bf16 *rope, bf16 *to) {
  for (uint32_t c = 0; c < shape.latent; ++c)
    to[c] = latent[c];
  for (uint32_t r = 0; r < shape.rope; ++r)
    to[shape.latent + r] = rope[r];
}

/// Token t, heads firstHead .. firstHead + heads - 1.
[[clang::always_inline]] inline void decodeHeads(const MLADecodeShape &shape,
                                                 const Call &call,
                                                 const MLADecodeSpace &space,
                                                 uint32_t t, uint32_t firstHead,
                                                 uint32_t heads) {
  const Batch &batch = *call.batch;
  const uint32_t latent = shape.latent, row = latent + shape.rope;
  const uint32_t page = paddedColumns(shape.pageTokens);
  const uint32_t place = t * shape.heads + firstHead;
  RunningSoftmax softmax[kDecodeHeads];
  for (uint32_t h = 0; h < heads; ++h)
    joinQuery(shape, rowOf(operand<const bf16>(call, 0), place + h, latent),
              rowOf(operand<const bf16>(call, 1), place + h, shape.rope),
              space.query + h * row);
  for (uint32_t i = 0; i < heads * latent; ++i)
    space.sums[i] = 0;

  const uint32_t keys = batch.positions[t] + 1;
  for (uint32_t first = 0; first < keys; first += shape.pageTokens) {
    const uint32_t left = keys - first;
    const uint32_t visible = left < shape.pageTokens ? left : shape.pageTokens;
    const bf16 *rows =
        pageRows(operand<const bf16>(call, 2), batch, batch.sequenceOf[t],
                 first / shape.pageTokens, shape.pageTokens, row);
    multiplyRows(
        Matrix<bf16>{rows, nullptr, row}, 0, visible, heads, nullptr,
        [&](uint32_t h) __attribute__((always_inline)) {
          return static_cast<const bf16 *>(space.query + h * row);
        },
        [&](uint32_t h, uint32_t u, float score) __attribute__((
            always_inline)) { space.scores[h * page + u] = score; });
    for (uint32_t h = 0; h < heads; ++h) {
      float factor =
          addPage(softmax[h], space.scores + h * page, visible, shape.scale);
      multiplyBy(factor, space.sums + h * latent, latent);
    }
    accumulateAll(Panel<bf16>{rows, row, visible, latent}, heads, space.scores,
                  page, space.sums, latent);
  }
  for (uint32_t h = 0; h < heads; ++h)
    normalize(softmax[h], space.sums + h * latent,
              rowOf(operand<bf16>(call, 3), place + h, latent), latent);
}

[[clang::always_inline]] inline void decode(const MLADecodeShape &shape,
                                            const Call &call,
                                            uint32_t tileBegin,
                                            uint32_t tileEnd) {
  const MLADecodeSpace space(shape, call.workspace);
  const uint32_t blocks = ceilDiv(shape.heads, kDecodeHeads);
  for (uint32_t tile = tileBegin; tile < tileEnd; ++tile) {
    const uint32_t firstHead = tile % blocks * kDecodeHeads;
    const uint32_t left = shape.heads - firstHead;
    decodeHeads(shape, call, space, tile / blocks, firstHead,
                left < kDecodeHeads ? left : kDecodeHeads);
  }
}

} // namespace

DS_DEFINE_KERNEL(DS_ROW(mla_decode_bf16), MLADecodeShape, decodeTiles, decode)

} // namespace ds::kernels
