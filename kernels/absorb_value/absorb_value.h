// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The value projection applied after attention (model-spec 1.5):
//   y[t, h, v] = A(sum over c of w[h * weight_rows + row_offset + v, c] *
//                  o[t, h, c])
// accumulated in f32 as linear does. w is kv_b_proj, row_offset = nope.
//   in   o A [T, heads, latent]
//   out  y A [T, heads * value]
//   w    w, then its scale where the row is f8e4m3fn
// A tile is one head.
// A, the element of activations, and the weights' encoding are the row's.
// Allocates nothing, keeps nothing, calls nothing, safe on many threads.
#pragma once
#include "kernels/base/Abi.h"
#include "kernels/base/Matrix.h"
#include "kernels/base/Shape.h"
#include "kernels/base/Work.h"

#define DS_ABSORB_VALUE_SHAPE(FIELD)                                           \
  FIELD(uint32_t, heads)                                                       \
  FIELD(uint32_t, latent)                                                      \
  FIELD(uint32_t, value)                                                       \
  FIELD(uint32_t, weightRows)                                                  \
  FIELD(uint32_t, rowOffset)

namespace ds::kernels {
struct AbsorbValueShape {
  DS_ABSORB_VALUE_SHAPE(DS_SHAPE_MEMBER)
};

/// Bytes per worker.
constexpr uint64_t absorbValueWorkspace(const AbsorbValueShape &shape) {
  return uint64_t(kDecodedRows) * decodedStride(shape.latent) * sizeof(bf16);
}

constexpr Work absorbValueWork(const AbsorbValueShape &shape, uint64_t rows) {
  uint64_t weights = uint64_t(shape.heads) * shape.value * shape.latent;
  return {rows * shape.heads * (shape.latent + shape.value) * sizeof(bf16),
          2 * rows * weights, weights};
}
} // namespace ds::kernels
