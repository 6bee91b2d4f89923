// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One element by the formula, for the reference rows: a sum in double, c
// rising, rounded once.
#pragma once
#include "kernels/absorb_value/absorb_value.h"

namespace ds::kernels {

/// Value v of head h; `from` is the head's latent.
template <class W>
[[clang::always_inline]] inline float
absorbedValue(const AbsorbValueShape &shape, const Matrix<W> &w, uint32_t h,
              uint32_t v, const float *from) {
  const uint32_t row = h * shape.weightRows + shape.rowOffset + v;
  double sum = 0;
  for (uint32_t c = 0; c < shape.latent; ++c)
    sum += w.value(row, c) * from[c];
  return float(sum);
}

} // namespace ds::kernels
