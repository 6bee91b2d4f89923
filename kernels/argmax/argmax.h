// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// index[r] = the column of the largest x[r, i], the lowest one among equals; -0
// equals +0. A row with a NaN gives kNoColumn, so that nobody takes a column of
// it for an answer; infinities are compared like other numbers. Exact: every
// row of the family gives the same index.
//   in   x f32 [rows, n]          rows = T, or R where head_rows is 1
//   out  index u32 [rows]
// n is 1 or more. A tile is one row.
// Allocates nothing, keeps nothing, calls nothing, safe on many threads.
#pragma once
#include "kernels/base/Abi.h"
#include "kernels/base/Shape.h"
#include "kernels/base/Work.h"

#define DS_ARGMAX_SHAPE(FIELD)                                                 \
  FIELD(uint32_t, n)                                                           \
  FIELD(uint32_t, headRows)

namespace ds::kernels {
struct ArgmaxShape {
  DS_ARGMAX_SHAPE(DS_SHAPE_MEMBER)
};

constexpr uint32_t kNoColumn = 0xffffffff;

/// Bytes per worker.
inline uint64_t argmaxWorkspace(const ArgmaxShape &) { return 0; }
/// Activations are counted with 4 bytes an element.
inline Work argmaxWork(const ArgmaxShape &shape, uint64_t rows) {
  return {rows * (shape.n * 4ull + 4), rows * shape.n};
}
} // namespace ds::kernels
