// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// y[t, i] = A(x[t, in_offset + i] * rsqrt(mean(x * x) + eps) * f32(gain[i]))
// over n columns of x from in_offset on.
//   in   x f32 [T, in_stride]
//   out  y A [T, n]
//   w    gain bf16 [n]
// A tile is one token.
// A, the element of activations, is bf16 or f32 by row.
// Allocates nothing, keeps nothing, calls nothing, safe on many threads.
#pragma once
#include "kernels/base/Abi.h"
#include "kernels/base/Shape.h"
#include "kernels/base/Work.h"

#define DS_RMS_NORM_SHAPE(FIELD)                                               \
  FIELD(uint32_t, n)                                                           \
  FIELD(uint32_t, inStride)                                                    \
  FIELD(uint32_t, inOffset)                                                    \
  FIELD(float, eps)

namespace ds::kernels {
struct RMSNormShape {
  DS_RMS_NORM_SHAPE(DS_SHAPE_MEMBER)
};

/// Bytes per worker.
inline uint64_t rmsNormWorkspace(const RMSNormShape &) { return 0; }
/// Activations are counted with 4 bytes an element.
inline Work rmsNormWork(const RMSNormShape &shape, uint64_t rows) {
  return {rows * shape.n * 8 + shape.n * 2ull, rows * shape.n * 4};
}
} // namespace ds::kernels
