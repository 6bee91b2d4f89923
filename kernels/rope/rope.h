// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Rotates interleaved pairs (2j, 2j + 1) of `dim` columns per head
// (model-spec 1.6): y[2j] = x[2j] cos - x[2j+1] sin, y[2j+1] = x[2j] sin +
// x[2j+1] cos, in f32, one rounding to A.
//   in   x f32 [T, in_stride], head h at column in_offset + h * head_stride;
//        angles f32 [T, dim / 2, 2]
//   out  y A [T, heads, dim]
// A tile is one token.
// A, the element of activations, is bf16 or f32 by row.
// Allocates nothing, keeps nothing, calls nothing, safe on many threads.
#pragma once
#include "kernels/base/Abi.h"
#include "kernels/base/Shape.h"
#include "kernels/base/Work.h"

#define DS_ROPE_SHAPE(FIELD)                                                   \
  FIELD(uint32_t, heads)                                                       \
  FIELD(uint32_t, dim)                                                         \
  FIELD(uint32_t, inStride)                                                    \
  FIELD(uint32_t, inOffset)                                                    \
  FIELD(uint32_t, headStride)

namespace ds::kernels {
struct RopeShape {
  DS_ROPE_SHAPE(DS_SHAPE_MEMBER)
};

/// Bytes per worker.
inline uint64_t ropeWorkspace(const RopeShape &) { return 0; }
/// Activations are counted with 4 bytes an element.
inline Work ropeWork(const RopeShape &shape, uint64_t rows) {
  return {rows * shape.dim * (shape.heads * 8ull + 4),
          rows * shape.heads * shape.dim * 3};
}
} // namespace ds::kernels
