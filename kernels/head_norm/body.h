// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The body of all rows.
#pragma once
#include "kernels/base/Normalize.h"
#include "kernels/base/Row.h"
#include "kernels/head_norm/head_norm.h"

namespace ds::kernels {

[[clang::always_inline]] inline uint32_t headTiles(const HeadNormShape &,
                                                   const Batch &batch) {
  return batch.rows;
}

template <class Order, class A>
[[clang::always_inline]] inline void
normalizeHeadRows(const HeadNormShape &shape, const Call &call,
                  uint32_t tileBegin, uint32_t tileEnd) {
  auto *residual = operand<const float>(call, 0);
  auto *delta = operand<const float>(call, 1);
  auto *y = operand<A>(call, 2);
  auto *gain = operand<const void>(call, 3);
  auto *sum = static_cast<float *>(call.workspace);
  for (uint32_t row = tileBegin; row < tileEnd; ++row) {
    uint32_t t = call.batch->rowIndex[row];
    auto *a = rowOf(residual, t, shape.n), *b = rowOf(delta, t, shape.n);
    for (uint32_t i = 0; i < shape.n; ++i)
      sum[i] = a[i] + b[i];
    normalize<Order>(sum, gain, shape.n, shape.eps, rowOf(y, row, shape.n));
  }
}

} // namespace ds::kernels
