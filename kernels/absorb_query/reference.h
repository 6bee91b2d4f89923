// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One head of one token by the formula, for the reference rows: a sum in double
// per element, d rising, rounded once.
#pragma once
#include "kernels/absorb_query/absorb_query.h"

namespace ds::kernels {

template <class W>
[[clang::always_inline]] inline void
absorbHead(const AbsorbQueryShape &shape, const Matrix<W> &w, uint32_t head,
           const float *query, float *to) {
  for (uint32_t c = 0; c < shape.latent; ++c) {
    double sum = 0;
    for (uint32_t d = 0; d < shape.nope; ++d)
      sum += w.value(head * shape.weightRows + d, c) * query[d];
    to[c] = float(sum);
  }
}

} // namespace ds::kernels
