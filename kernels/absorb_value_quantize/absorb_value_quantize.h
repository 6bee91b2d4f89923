// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// absorb_value whose rows are quantised where they are made:
//   u[t, h * value + v] =
//       A(sum over c of w[h * weight_rows + row_offset + v, c] * o[t, h, c])
//   codes, scales = quantize of u, after the rounding to A (quantize.h)
// with the sums of absorb_value.h.
//   in   o A [T, heads, latent]
//   out  codes f8e4m3fn [T, heads * value],
//        scales f32 [T, ceil(heads * value / 128)]
//   w    w, then its scale where the row is f8e4m3fn
// A tile is one group of 128 columns of u, of all tokens; it holds several
// heads where value is below 128. A, the element of activations, and the
// weights' encoding are the row's. Allocates nothing, keeps nothing, calls
// nothing, safe on many threads.
#pragma once
#include "kernels/absorb_value/absorb_value.h"
#include "kernels/base/Abi.h"
#include "kernels/base/Quantize.h"
#include "kernels/base/Shape.h"
#include "kernels/base/Work.h"

#define DS_ABSORB_VALUE_QUANTIZE_SHAPE(FIELD)                                  \
  FIELD(uint32_t, heads)                                                       \
  FIELD(uint32_t, latent)                                                      \
  FIELD(uint32_t, value)                                                       \
  FIELD(uint32_t, weightRows)                                                  \
  FIELD(uint32_t, rowOffset)                                                   \
  FIELD(uint32_t, scaleFormat) /* as in quantize.h */

namespace ds::kernels {
struct AbsorbValueQuantizeShape {
  DS_ABSORB_VALUE_QUANTIZE_SHAPE(DS_SHAPE_MEMBER)
};

/// The part that absorb_value computes.
constexpr AbsorbValueShape
absorbValueOf(const AbsorbValueQuantizeShape &shape) {
  return {shape.heads, shape.latent, shape.value, shape.weightRows,
          shape.rowOffset};
}

/// Columns of u.
DS_SHARED_FUNCTION constexpr uint32_t
absorbValueColumns(const AbsorbValueQuantizeShape &shape) {
  return shape.heads * shape.value;
}

/// Bytes per worker.
inline uint64_t
absorbValueQuantizeWorkspace(const AbsorbValueQuantizeShape &shape) {
  return absorbValueWorkspace(absorbValueOf(shape)) +
         kScaleGroup * sizeof(float);
}
inline Work absorbValueQuantizeWork(const AbsorbValueQuantizeShape &shape,
                                    uint64_t rows) {
  return absorbValueWork(absorbValueOf(shape), rows);
}
} // namespace ds::kernels
