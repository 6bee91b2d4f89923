// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The body of all rows.
#pragma once
#include "kernels/base/Rotate.h"
#include "kernels/base/Row.h"
#include "kernels/rope/rope.h"

namespace ds::kernels {

template <class A>
[[clang::always_inline]] inline void
rotateHeads(const RopeShape &shape, const Call &call, uint32_t tileBegin,
            uint32_t tileEnd) {
  auto *x = operand<const float>(call, 0) + shape.inOffset;
  auto *angles = operand<const float>(call, 1);
  auto *y = operand<A>(call, 2);
  for (uint32_t t = tileBegin; t < tileEnd; ++t)
    for (uint32_t head = 0; head < shape.heads; ++head)
      rotate(rowOf(x, t, shape.inStride) + size_t(head) * shape.headStride,
             rowOf(angles, t, shape.dim), shape.dim,
             rowOf(y, t, shape.heads * shape.dim) + size_t(head) * shape.dim);
}

} // namespace ds::kernels
