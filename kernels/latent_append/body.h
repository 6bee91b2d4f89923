// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The body of all rows.
#pragma once
#include "kernels/base/Normalize.h"
#include "kernels/base/Rotate.h"
#include "kernels/base/Row.h"
#include "kernels/latent_append/latent_append.h"

namespace ds::kernels {

template <class Order, class A>
[[clang::always_inline]] inline void
appendLatent(const LatentAppendShape &shape, const Call &call,
             uint32_t tileBegin, uint32_t tileEnd) {
  const Batch &batch = *call.batch;
  auto *x = operand<const float>(call, 0) + shape.inOffset;
  auto *angles = operand<const float>(call, 1);
  auto *state = operand<A>(call, 2);
  auto *gain = operand<const void>(call, 3);
  for (uint32_t t = tileBegin; t < tileEnd; ++t) {
    uint32_t position = batch.positions[t];
    uint32_t page = rowOf(batch.pageTable, batch.sequenceOf[t],
                          batch.pagesPerSequence)[position / shape.pageTokens];
    size_t row = size_t(page) * shape.pageTokens + position % shape.pageTokens;
    A *y = state + row * (shape.latent + shape.rope);
    auto *in = rowOf(x, t, shape.inStride);
    normalize<Order>(in, gain, shape.latent, shape.eps, y);
    rotate(in + shape.latent, rowOf(angles, t, shape.rope), shape.rope,
           y + shape.latent);
  }
}

} // namespace ds::kernels
