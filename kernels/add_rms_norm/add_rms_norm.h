// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// s = residual[t] + delta[t] in f32; residual_out[t] = s;
// y[t, i] = A(s[i] * rsqrt(mean(s * s) + eps) * f32(gain[i])), all in f32, one
// rounding to A at the end (model-spec 0.3, 1.4).
//   in   residual f32 [T, n], delta f32 [T, n]
//   out  residual_out f32 [T, n], y A [T, n]
//   w    gain bf16 [n]
// A tile is one token.
// A, the element of activations, is bf16 or f32 by row.
// Allocates nothing, keeps nothing, calls nothing, safe on many threads.
#pragma once
#include "kernels/base/Abi.h"
#include "kernels/base/Shape.h"
#include "kernels/base/Work.h"

#define DS_ADD_RMS_NORM_SHAPE(FIELD)                                           \
  FIELD(uint32_t, n)                                                           \
  FIELD(float, eps)

namespace ds::kernels {
struct AddRMSNormShape {
  DS_ADD_RMS_NORM_SHAPE(DS_SHAPE_MEMBER)
};

/// Bytes per worker.
inline uint64_t addRMSNormWorkspace(const AddRMSNormShape &) { return 0; }
/// Activations are counted with 4 bytes an element.
inline Work addRMSNormWork(const AddRMSNormShape &shape, uint64_t rows) {
  return {rows * shape.n * (4 * 3 + 4) + shape.n * 2ull, rows * shape.n * 5};
}
} // namespace ds::kernels
