// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Quantises rows for w8a8 linears (model-spec 1.9), in groups of 128 columns;
// the last group may be shorter:
//   amax = max |x[r, i]| over the group, in f32
//   s = max(amax, 1e-4) / 448, in f32; scale_format 1 rounds it up to a power
//       of two
//   codes[r, i] = e4m3(clamp(x[r, i] / s, -448, 448)), scales[r, group] = s
// A division, not a product with a reciprocal; e4m3 rounds to nearest, ties to
// even. Exact: every row of the family gives the same bits. A NaN makes its
// group's scale and codes NaN (0x7f). An infinity makes the scale infinite, its
// own code NaN and the others zero, so whatever reads the group is NaN too.
//   in   x A [rows, n]            rows = T * rows_per_token
//   out  codes f8e4m3fn [rows, n], scales f32 [rows, ceil(n / 128)]
// A tile is one row.
// A, the element of activations, is bf16 or f32 by row.
// Allocates nothing, keeps nothing, calls nothing, safe on many threads.
#pragma once
#include "kernels/base/Abi.h"
#include "kernels/base/Shape.h"
#include "kernels/base/Work.h"

#define DS_QUANTIZE_SHAPE(FIELD)                                               \
  FIELD(uint32_t, n)                                                           \
  FIELD(uint32_t, rowsPerToken)                                                \
  FIELD(uint32_t, scaleFormat) /* 0 f32, 1 power of two */

namespace ds::kernels {
struct QuantizeShape {
  DS_QUANTIZE_SHAPE(DS_SHAPE_MEMBER)
};

/// Bytes per worker.
inline uint64_t quantizeWorkspace(const QuantizeShape &) { return 0; }
/// Activations are counted with 4 bytes an element.
inline Work quantizeWork(const QuantizeShape &shape, uint64_t rows) {
  return {rows * shape.rowsPerToken * shape.n * 5,
          rows * shape.rowsPerToken * shape.n * 3};
}
} // namespace ds::kernels
