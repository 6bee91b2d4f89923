// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// y[r, i] = bf16(x[r, i]), rounded to nearest, ties to even.
//   in   x f32 [rows, n]          rows = T * rows_per_token
//   out  y bf16 [rows, n]
// A tile is one row.
// Allocates nothing, keeps nothing, calls nothing, safe on many threads.
#pragma once
#include "kernels/base/Abi.h"
#include "kernels/base/Shape.h"
#include "kernels/base/Work.h"

#define DS_CAST_SHAPE(FIELD)                                                   \
  FIELD(uint32_t, n)                                                           \
  FIELD(uint32_t, rowsPerToken)

namespace ds::kernels {
struct CastShape {
  DS_CAST_SHAPE(DS_SHAPE_MEMBER)
};

/// Bytes per worker.
inline uint64_t castWorkspace(const CastShape &) { return 0; }
inline Work castWork(const CastShape &shape, uint64_t rows) {
  return {rows * shape.rowsPerToken * shape.n * 6, 0};
}
} // namespace ds::kernels
