// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What follows the fused projection of query and latent (model-spec 1.5), in
// one call: rms_norm of the query's columns, and latent_append of the latent's.
//   u[i] = x[t, query_offset + i] * rsqrt(mean(q * q) + query_eps) *
//          f32(query_gain[i]), i < n, in f32
//   y[t] = A(u), or codes, scales = quantize of u where codes is 1, before any
//          other rounding (quantize.h)
//   row = A(rms(a[0 : latent], latent_gain, latent_eps)),
//         A(rope(a[latent : latent + rope]))
// with a = x[t, latent_offset : latent_offset + latent + rope], written to row
// positions[t] % page_tokens of page pageTable[sequenceOf[t], positions[t] /
// page_tokens].
//   in   x f32 [T, in_stride], angles f32 [T, rope / 2, 2], state A [pages,
//        page_tokens, latent + rope]
//   out  y A [T, n]; where codes is 1 instead: codes f8e4m3fn [T, n], scales
//        f32 [T, ceil(n / 128)]
//   w    query_gain bf16 [n], latent_gain bf16 [latent]
// A tile is one token.
// A, the element of activations, is bf16 or f32 by row.
// Allocates nothing, keeps nothing, calls nothing, safe on many threads.
#pragma once
#include "kernels/base/Abi.h"
#include "kernels/base/Inline.h"
#include "kernels/base/Shape.h"
#include "kernels/base/Work.h"
#include "kernels/latent_append/latent_append.h"

#define DS_QUERY_NORM_APPEND_SHAPE(FIELD)                                      \
  FIELD(uint32_t, n)                                                           \
  FIELD(uint32_t, queryOffset)                                                 \
  FIELD(uint32_t, latent)                                                      \
  FIELD(uint32_t, rope)                                                        \
  FIELD(uint32_t, latentOffset)                                                \
  FIELD(uint32_t, inStride)                                                    \
  FIELD(uint32_t, pageTokens)                                                  \
  FIELD(uint32_t, codes)                                                       \
  FIELD(uint32_t, scaleFormat) /* as in quantize.h */                          \
  FIELD(float, queryEps)                                                       \
  FIELD(float, latentEps)

namespace ds::kernels {
struct QueryNormAppendShape {
  DS_QUERY_NORM_APPEND_SHAPE(DS_SHAPE_MEMBER)
};

/// The part that latent_append computes.
DS_SHARED_FUNCTION constexpr LatentAppendShape
latentAppendOf(const QueryNormAppendShape &shape) {
  return {shape.latent,       shape.rope,       shape.inStride,
          shape.latentOffset, shape.pageTokens, shape.latentEps};
}

/// Bytes per worker.
inline uint64_t queryNormAppendWorkspace(const QueryNormAppendShape &shape) {
  return shape.n * sizeof(float);
}
/// Activations are counted with 4 bytes an element.
inline Work queryNormAppendWork(const QueryNormAppendShape &shape,
                                uint64_t rows) {
  uint64_t latent = shape.latent, rope = shape.rope, n = shape.n;
  return {rows * (n + latent + rope) * 8 + (n + latent) * 2,
          rows * ((n + latent) * 4 + rope * 3)};
}
} // namespace ds::kernels
