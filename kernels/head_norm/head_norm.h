// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// As add_rms_norm for the R rows asked for, in the order of rowIndex; the sum
// itself is not kept.
//   in   residual f32 [T, n], delta f32 [T, n]
//   out  y A [R, n]
//   w    gain bf16 [n]
// A tile is one row.
// A, the element of activations, is bf16 or f32 by row.
// Allocates nothing, keeps nothing, calls nothing, safe on many threads.
#pragma once
#include "kernels/base/Abi.h"
#include "kernels/base/Shape.h"
#include "kernels/base/Work.h"

#define DS_HEAD_NORM_SHAPE(FIELD)                                              \
  FIELD(uint32_t, n)                                                           \
  FIELD(float, eps)

namespace ds::kernels {
struct HeadNormShape {
  DS_HEAD_NORM_SHAPE(DS_SHAPE_MEMBER)
};

/// Bytes per worker.
inline uint64_t headNormWorkspace(const HeadNormShape &shape) {
  return 4ull * shape.n;
}
/// Activations are counted with 4 bytes an element.
inline Work headNormWork(const HeadNormShape &shape, uint64_t rows) {
  return {rows * shape.n * (4 * 2 + 4) + shape.n * 2ull, rows * shape.n * 5};
}
} // namespace ds::kernels
