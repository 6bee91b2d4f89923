// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The body of all rows.
#pragma once
#include "kernels/base/Math.h"
#include "kernels/base/Row.h"
#include "kernels/base/Types.h"
#include "kernels/swiglu/swiglu.h"

namespace ds::kernels {

[[clang::always_inline]] inline uint32_t gateTiles(const SwiGLUShape &shape,
                                                   const Batch &batch) {
  return batch.tokens * shape.rowsPerToken;
}

template <class A>
[[clang::always_inline]] inline void
gateRows(const SwiGLUShape &shape, const Call &call, uint32_t tileBegin,
         uint32_t tileEnd) {
  auto *x = operand<const float>(call, 0);
  auto *y = operand<A>(call, 1);
  for (uint32_t row = tileBegin; row < tileEnd; ++row) {
    auto *gate = rowOf(x, row, 2 * shape.n), *up = gate + shape.n;
    auto *out = rowOf(y, row, shape.n);
    for (uint32_t i = 0; i < shape.n; ++i)
      store(out + i, silu(gate[i]) * up[i]);
  }
}

} // namespace ds::kernels
