// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// y[r, i] = A(silu(x[r, i]) * x[r, n + i]), silu(g) = g / (1 + exp(-g)), in
// f32.
//   in   x f32 [rows, 2 * n], gate then up; rows = T * rows_per_token
//   out  y A [rows, n]
// A tile is one row.
// A, the element of activations, is bf16 or f32 by row.
// Allocates nothing, keeps nothing, calls nothing, safe on many threads.
#pragma once
#include "kernels/base/Abi.h"
#include "kernels/base/Shape.h"
#include "kernels/base/Work.h"

#define DS_SWIGLU_SHAPE(FIELD)                                                 \
  FIELD(uint32_t, n)                                                           \
  FIELD(uint32_t, rowsPerToken)

namespace ds::kernels {
struct SwiGLUShape {
  DS_SWIGLU_SHAPE(DS_SHAPE_MEMBER)
};

/// Bytes per worker.
inline uint64_t swigluWorkspace(const SwiGLUShape &) { return 0; }
/// Activations are counted with 4 bytes an element.
inline Work swigluWork(const SwiGLUShape &shape, uint64_t rows) {
  return {rows * shape.rowsPerToken * shape.n * 12,
          rows * shape.rowsPerToken * shape.n * 25};
}
} // namespace ds::kernels
