// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Moves the key projection to the query (model-spec 1.5, absorbed form):
//   y[t, h, c] = A(sum over d < nope of w[h * weight_rows + d, c] *
//                  q[t, h * head_stride + d])
// accumulated in f32, d rising, one fused multiply-add each; the factor of an
// f8e4m3fn block multiplies q first. Rows for GPUs round q to bf16, sum as
// their tensor cores do, and multiply a block's sum by its factor. w is
// kv_b_proj [heads * weight_rows, latent]; its first `nope` rows per head are
// W_UK.
//   in   q f32 [T, heads * head_stride]
//   out  y A [T, heads, latent]
//   w    w, then its scale where the row is f8e4m3fn
// A tile is one head.
// A, the element of activations, and the weights' encoding are the row's.
// Allocates nothing, keeps nothing, calls nothing, safe on many threads.
#pragma once
#include "kernels/base/Abi.h"
#include "kernels/base/Matrix.h"
#include "kernels/base/Shape.h"
#include "kernels/base/Work.h"
#include "kernels/base/Workspace.h"

#define DS_ABSORB_QUERY_SHAPE(FIELD)                                           \
  FIELD(uint32_t, heads)                                                       \
  FIELD(uint32_t, nope)                                                        \
  FIELD(uint32_t, latent)                                                      \
  FIELD(uint32_t, headStride)                                                  \
  FIELD(uint32_t, weightRows)

namespace ds::kernels {
struct AbsorbQueryShape {
  DS_ABSORB_QUERY_SHAPE(DS_SHAPE_MEMBER)
};

/// Tokens that share one pass over a head's weights.
constexpr uint32_t kAbsorbedTokens = 4;

/// What a worker keeps while it computes a head.
struct AbsorbQuerySpace {
  bf16 *decoded; // [nope, decodedStride(latent)], f8e4m3fn only
  float *scaled; // [kAbsorbedTokens, nope] q times the factors, f8e4m3fn only
  float *sums;   // [kAbsorbedTokens, latent]
  uint64_t bytes;

  AbsorbQuerySpace(const AbsorbQueryShape &shape, void *workspace) {
    WorkspacePieces pieces{workspace};
    decoded =
        pieces.take<bf16>(uint64_t(shape.nope) * decodedStride(shape.latent));
    scaled = pieces.take<float>(uint64_t(kAbsorbedTokens) * shape.nope);
    sums = pieces.take<float>(uint64_t(kAbsorbedTokens) * shape.latent);
    bytes = pieces.used;
  }
};

/// Bytes per worker.
inline uint64_t absorbQueryWorkspace(const AbsorbQueryShape &shape) {
  return AbsorbQuerySpace(shape, nullptr).bytes;
}

constexpr Work absorbQueryWork(const AbsorbQueryShape &shape, uint64_t rows) {
  uint64_t weights = uint64_t(shape.heads) * shape.nope * shape.latent;
  return {rows * shape.heads *
              (shape.nope * sizeof(float) + shape.latent * sizeof(bf16)),
          2 * rows * weights, weights};
}
} // namespace ds::kernels
