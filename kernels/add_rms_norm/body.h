// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The body of all rows.
#pragma once
#include "kernels/add_rms_norm/add_rms_norm.h"
#include "kernels/base/Normalize.h"
#include "kernels/base/Row.h"

namespace ds::kernels {

template <class Order, class A>
[[clang::always_inline]] inline void
addAndNormalize(const AddRMSNormShape &shape, const Call &call,
                uint32_t tileBegin, uint32_t tileEnd) {
  auto *residual = operand<const float>(call, 0);
  auto *delta = operand<const float>(call, 1);
  auto *residualOut = operand<float>(call, 2);
  auto *y = operand<A>(call, 3);
  auto *gain = operand<const void>(call, 4);
  for (uint32_t t = tileBegin; t < tileEnd; ++t) {
    auto *a = rowOf(residual, t, shape.n), *b = rowOf(delta, t, shape.n);
    auto *sum = rowOf(residualOut, t, shape.n);
    for (uint32_t i = 0; i < shape.n; ++i)
      sum[i] = a[i] + b[i];
    normalize<Order>(sum, gain, shape.n, shape.eps, rowOf(y, t, shape.n));
  }
}

} // namespace ds::kernels
