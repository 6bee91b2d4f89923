// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What absorbed attention takes of the query (model-spec 1.5, 1.6), in one
// call: absorb_query of every head's first `nope` columns, and rope of the
// `rope` columns behind them.
//   latent[t, h, c] = A(sum over d < nope of w[h * weight_rows + d, c] *
//                       q[t, h * head_stride + d])
//   rotated[t, h] = A(rope(q[t, h * head_stride + nope + (0 .. rope - 1)]))
// with the sums of absorb_query.h and the rotation of rope.h.
//   in   q f32 [T, heads * head_stride], angles f32 [T, rope / 2, 2]
//   out  latent A [T, heads, latent], rotated A [T, heads, rope]
//   w    w, then its scale where the row is f8e4m3fn
// A tile is one head.
// A, the element of activations, and the weights' encoding are the row's.
// Allocates nothing, keeps nothing, calls nothing, safe on many threads.
#pragma once
#include "kernels/absorb_query/absorb_query.h"
#include "kernels/base/Abi.h"
#include "kernels/base/Shape.h"
#include "kernels/base/Work.h"

#define DS_ROPE_ABSORB_QUERY_SHAPE(FIELD)                                      \
  FIELD(uint32_t, heads)                                                       \
  FIELD(uint32_t, nope)                                                        \
  FIELD(uint32_t, rope)                                                        \
  FIELD(uint32_t, latent)                                                      \
  FIELD(uint32_t, headStride)                                                  \
  FIELD(uint32_t, weightRows)

namespace ds::kernels {
struct RopeAbsorbQueryShape {
  DS_ROPE_ABSORB_QUERY_SHAPE(DS_SHAPE_MEMBER)
};

/// The part that absorb_query computes.
DS_SHARED_FUNCTION constexpr AbsorbQueryShape
absorbQueryOf(const RopeAbsorbQueryShape &shape) {
  return {shape.heads, shape.nope, shape.latent, shape.headStride,
          shape.weightRows};
}

/// Bytes per worker.
inline uint64_t ropeAbsorbQueryWorkspace(const RopeAbsorbQueryShape &shape) {
  return absorbQueryWorkspace(absorbQueryOf(shape));
}
inline Work ropeAbsorbQueryWork(const RopeAbsorbQueryShape &shape,
                                uint64_t rows) {
  Work work = absorbQueryWork(absorbQueryOf(shape), rows);
  work.bytes += rows * shape.rope * (shape.heads * 6ull + 4);
  work.flops += rows * shape.heads * shape.rope * 3;
  return work;
}
} // namespace ds::kernels
