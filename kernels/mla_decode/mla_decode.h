// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Attention over the latent rows of the token's own sequence (model-spec 1.5,
// absorbed form), keys u = 0 .. positions[t]:
//   s[u]    = scale * (<q_latent[t, h], state[u, 0 : latent]> +
//                      <q_rope[t, h], state[u, latent :]>)
//   o[t, h] = A(sum over u of softmax(s)[u] * state[u, 0 : latent])
// f32 running softmax (rows for GPUs round the weights to bf16); keys are
// walked page by page (on CPUs) or in splits of a fixed length (on GPUs), so a
// result depends neither on the batch nor on how a prompt was cut. Rows beyond
// positions[t] are never read.
//   in   q_latent A [T, heads, latent], q_rope A [T, heads, rope],
//        state A [pages, page_tokens, latent + rope]
//   out  o A [T, heads, latent]
// A tile is one token and a block of heads. context says how many tokens the
// states hold, all sequences together; it sizes the workspace of rows for GPUs
// and changes no result.
// A, the element of activations, is bf16 or f32 by row.
// Allocates nothing, keeps nothing, calls nothing, safe on many threads.
#pragma once
#include "kernels/base/Abi.h"
#include "kernels/base/Shape.h"
#include "kernels/base/Types.h"
#include "kernels/base/Work.h"
#include "kernels/base/Workspace.h"

#define DS_MLA_DECODE_SHAPE(FIELD)                                             \
  FIELD(uint32_t, heads)                                                       \
  FIELD(uint32_t, latent)                                                      \
  FIELD(uint32_t, rope)                                                        \
  FIELD(uint32_t, pageTokens)                                                  \
  FIELD(uint32_t, context)                                                     \
  FIELD(float, scale)

namespace ds::kernels {
struct MLADecodeShape {
  DS_MLA_DECODE_SHAPE(DS_SHAPE_MEMBER)
};

/// Heads of a tile of the CPU rows: they share the rows of the state.
constexpr uint32_t kDecodeHeads = 8;

/// What a worker keeps while it computes a tile.
struct MLADecodeSpace {
  bf16 *query;   // [kDecodeHeads, latent + rope]
  float *scores; // [kDecodeHeads, pageStride] of one page
  float *sums;   // [kDecodeHeads, latent]; the reference keeps doubles in all
  uint64_t bytes;

  MLADecodeSpace(const MLADecodeShape &shape, void *workspace) {
    WorkspacePieces pieces{workspace};
    query =
        pieces.take<bf16>(uint64_t(kDecodeHeads) * (shape.latent + shape.rope));
    scores = pieces.take<float>(uint64_t(kDecodeHeads) *
                                paddedColumns(shape.pageTokens));
    sums = pieces.take<float>(uint64_t(kDecodeHeads) * shape.latent);
    bytes = pieces.used;
  }
};

/// Bytes per worker.
inline uint64_t mlaDecodeWorkspace(const MLADecodeShape &shape) {
  return MLADecodeSpace(shape, nullptr).bytes;
}

/// `pairs` counts pairs of a query and a key.
constexpr Work mlaDecodeWork(const MLADecodeShape &shape, uint64_t pairs) {
  return {pairs * (shape.latent + shape.rope) * sizeof(bf16),
          2 * pairs * shape.heads * (2 * uint64_t(shape.latent) + shape.rope)};
}
} // namespace ds::kernels
