// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Sums of rows of weights as Panel.h orders them. The factor of an f8e4m3fn
// block goes to the query: w * (q * factor).
#include "kernels/absorb_query/absorb_query.h"
#include "kernels/base/Heads.h"
#include "kernels/base/Panel.h"
#include "kernels/base/Row.h"
#include "kernels/base/RowDots.h"

namespace ds::kernels {
namespace {

/// sums[t, c] for tokens 0 .. tokens - 1, at most kAbsorbedTokens, of a head
/// whose rows begin at `row`; query t begins t * queryStride after `query`.
template <class W>
[[clang::always_inline]] inline void
absorbTokens(const AbsorbQueryShape &shape, const AbsorbQuerySpace &space,
             const Matrix<W> &w, uint32_t row, uint32_t tokens,
             const float *query, size_t queryStride) {
  const uint32_t latent = shape.latent, nope = shape.nope;
  for (size_t i = 0; i < size_t(tokens) * latent; ++i)
    space.sums[i] = 0;
  if constexpr (!kScaled<W>) {
    accumulateAll(Panel<bf16>{w.row(row), latent, nope, latent}, tokens, query,
                  queryStride, space.sums, latent);
  } else {
    for (uint32_t c = 0; c < latent; c += kScaleBlock) {
      for (uint32_t t = 0; t < tokens; ++t)
        for (uint32_t d = 0; d < nope; ++d)
          space.scaled[t * nope + d] =
              query[t * queryStride + d] * w.factor(row + d, c);
      const uint32_t left = latent - c;
      accumulateAll(Panel<bf16>{space.decoded + c, decodedStride(latent), nope,
                                left < kScaleBlock ? left : kScaleBlock},
                    tokens, space.scaled, nope, space.sums + c, latent);
    }
  }
}

template <class W>
[[clang::always_inline]] inline void
absorbQuery(const AbsorbQueryShape &shape, const Call &call, uint32_t tileBegin,
            uint32_t tileEnd) {
  const float *q = operand<const float>(call, 0);
  bf16 *y = operand<bf16>(call, 1);
  auto w = Matrix<W>::at(call.operands + 2, shape.latent);
  const AbsorbQuerySpace space(shape, call.workspace);
  const uint32_t latent = shape.latent;
  const uint32_t queryStride = shape.heads * shape.headStride;
  for (uint32_t h = tileBegin; h < tileEnd; ++h) {
    const uint32_t row = h * shape.weightRows;
    if constexpr (kScaled<W>)
      for (uint32_t d = 0; d < shape.nope; ++d)
        decodeRow(w.row(row + d), latent,
                  space.decoded + d * decodedStride(latent));
    for (uint32_t t = 0; t < call.batch->tokens; t += kAbsorbedTokens) {
      const uint32_t left = call.batch->tokens - t;
      const uint32_t tokens = left < kAbsorbedTokens ? left : kAbsorbedTokens;
      absorbTokens(shape, space, w, row, tokens,
                   rowOf(q, t, queryStride) + h * shape.headStride,
                   queryStride);
      for (uint32_t i = 0; i < tokens; ++i) {
        bf16 *to = rowOf(y, t + i, shape.heads * latent) + h * latent;
        for (uint32_t c = 0; c < latent; c += kLanes)
          store(to + c, load(space.sums + i * latent + c, latent - c),
                latent - c);
      }
    }
  }
}

} // namespace

DS_DEFINE_KERNEL(DS_ROW(absorb_query_bf16_bf16), AbsorbQueryShape, headTiles,
                 absorbQuery<bf16>)
DS_DEFINE_KERNEL(DS_ROW(absorb_query_bf16_f8e4m3fn_bs128), AbsorbQueryShape,
                 headTiles, absorbQuery<f8e4m3fn>)

} // namespace ds::kernels
