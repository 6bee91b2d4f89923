// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The body of all rows.
#pragma once
#include "kernels/base/Normalize.h"
#include "kernels/base/Rotate.h"
#include "kernels/base/Row.h"
#include "kernels/latent_append/latent_append.h"

namespace ds::kernels {

/// Appends the row of one token; its latent begins at `in`.
template <class Order, class A>
[[clang::always_inline]] inline void
appendRow(const LatentAppendShape &shape, const Batch &batch, uint32_t t,
          const float *in, const float *angles, A *state, const void *gain) {
  uint32_t position = batch.positions[t];
  uint32_t page = rowOf(batch.pageTable, batch.sequenceOf[t],
                        batch.pagesPerSequence)[position / shape.pageTokens];
  size_t row = size_t(page) * shape.pageTokens + position % shape.pageTokens;
  A *y = state + row * (shape.latent + shape.rope);
  normalize<Order>(in, gain, shape.latent, shape.eps, y);
  rotate(in + shape.latent, rowOf(angles, t, shape.rope), shape.rope,
         y + shape.latent);
}

template <class Order, class A>
[[clang::always_inline]] inline void
appendLatent(const LatentAppendShape &shape, const Call &call,
             uint32_t tileBegin, uint32_t tileEnd) {
  auto *x = operand<const float>(call, 0) + shape.inOffset;
  for (uint32_t t = tileBegin; t < tileEnd; ++t)
    appendRow<Order>(shape, *call.batch, t, rowOf(x, t, shape.inStride),
                     operand<const float>(call, 1), operand<A>(call, 2),
                     operand<const void>(call, 3));
}

} // namespace ds::kernels
