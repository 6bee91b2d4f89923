// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A tile of one row of y by the formula, for the reference rows.
#pragma once
#include "kernels/base/Math.h"
#include "kernels/base/ReferenceDot.h"
#include "kernels/gated_linear/gated_linear.h"

namespace ds::kernels {

/// Columns [begin, end) of a row of y, `out` columns wide, a tile at most.
/// `row`: of y; `from`: of x. `y` are the operands that y takes.
template <class A, class W>
[[clang::always_inline]] inline void
gatedTile(const Vectors<A> &x, uint32_t from, const Matrix<W> &gate,
          const Matrix<W> &up, uint32_t begin, uint32_t end, float *product,
          void *const *y, uint32_t row, uint32_t out, uint32_t scaleFormat) {
  for (uint32_t o = begin; o < end; ++o)
    product[o - begin] = silu(x.dot(from, gate, o)) * x.dot(from, up, o);
  A *to = static_cast<A *>(y[0]) + size_t(row) * out + begin;
  if constexpr (kActivationOperands<A> == 2)
    quantizeRow(
        [&](uint32_t i) __attribute__((always_inline)) { return product[i]; },
        end - begin, scaleFormat, to,
        static_cast<float *>(y[1]) + size_t(row) * scaleGroups(out) +
            begin / kScaleGroup);
  else
    for (uint32_t o = begin; o < end; ++o)
      store(to + (o - begin), product[o - begin]);
}

} // namespace ds::kernels
