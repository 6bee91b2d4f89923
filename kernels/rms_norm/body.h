// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The body of all rows.
#pragma once
#include "kernels/base/Normalize.h"
#include "kernels/base/Row.h"
#include "kernels/rms_norm/rms_norm.h"

namespace ds::kernels {

template <class Order, class A>
[[clang::always_inline]] inline void
normalizeTokens(const RMSNormShape &shape, const Call &call, uint32_t tileBegin,
                uint32_t tileEnd) {
  auto *x = operand<const float>(call, 0) + shape.inOffset;
  auto *y = operand<A>(call, 1);
  auto *gain = operand<const void>(call, 2);
  for (uint32_t t = tileBegin; t < tileEnd; ++t)
    normalize<Order>(rowOf(x, t, shape.inStride), gain, shape.n, shape.eps,
                     rowOf(y, t, shape.n));
}

} // namespace ds::kernels
