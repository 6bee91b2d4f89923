// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Attention in the expanded form (model-spec 1.5), keys and values expanded
// from the latent rows one page at a time, u = 0 .. positions[t]:
//   k[u, h] = (W_UK[h] state[u, 0 : latent], state[u, latent :])
//   v[u, h] = W_UV[h] state[u, 0 : latent]
//   s[u]    = scale * (<q[t, h, 0 : nope], k_nope[u, h]> +
//                      <q_rope[t, h], k_rope[u]>)
//   o[t, h] = A(sum over u of softmax(s)[u] * v[u, h])
// f32 throughout (rows for GPUs round q, k, v and the weights to bf16), running
// softmax page by page, or by blocks of 64 keys from the first on: a result
// depends neither on the batch nor on how a prompt was cut. Rows beyond the last
// token of the run are never read, and no token is touched by a later one.
//   in   q f32 [T, heads * head_stride] (nope part first),
//        q_rope A [T, heads, rope],
//        state A [pages, page_tokens, latent + rope]
//   out  o A [T, heads * value]
//   w    kv_b_proj [heads * (nope + value), latent], then its scale where the
//        row is f8e4m3fn
// A tile is one sequence and one head. max_tokens bounds T; context, the tokens
// of all sequences of the run, those of earlier runs included. They size
// workspaces and change no result.
// A, the element of activations, and the weights' encoding are the row's.
// Allocates nothing, keeps nothing, calls nothing, safe on many threads.
#pragma once
#include "kernels/base/Abi.h"
#include "kernels/base/Matrix.h"
#include "kernels/base/RunningSoftmax.h"
#include "kernels/base/Shape.h"
#include "kernels/base/Work.h"
#include "kernels/base/Workspace.h"

#define DS_ATTENTION_PREFILL_SHAPE(FIELD)                                      \
  FIELD(uint32_t, heads)                                                       \
  FIELD(uint32_t, nope)                                                        \
  FIELD(uint32_t, rope)                                                        \
  FIELD(uint32_t, value)                                                       \
  FIELD(uint32_t, latent)                                                      \
  FIELD(uint32_t, headStride)                                                  \
  FIELD(uint32_t, pageTokens)                                                  \
  FIELD(uint32_t, maxTokens)                                                   \
  FIELD(uint32_t, context)                                                     \
  FIELD(float, scale)

namespace ds::kernels {
struct AttentionPrefillShape {
  DS_ATTENTION_PREFILL_SHAPE(DS_SHAPE_MEMBER)
};

/// Tokens that share one pass over a page.
constexpr uint32_t kPrefillTokens = 4;

/// What a worker keeps while it computes a tile.
struct AttentionPrefillSpace {
  bf16 *decoded;           // [kDecodedRows, decodedStride(latent)]
  float *keys;             // [nope + rope, page], one column per key
  float *values;           // [page_tokens, value]
  float *rope;             // [kPrefillTokens, rope]
  float *scores;           // [kPrefillTokens, page]
  RunningSoftmax *softmax; // [max_tokens]
  float *sums;             // [max_tokens, value]
  uint32_t page;           // columns of a page, padded
  uint64_t bytes;

  AttentionPrefillSpace(const AttentionPrefillShape &shape, void *workspace) {
    WorkspacePieces pieces{workspace};
    page = paddedColumns(shape.pageTokens);
    decoded =
        pieces.take<bf16>(uint64_t(kDecodedRows) * decodedStride(shape.latent));
    keys = pieces.take<float>(uint64_t(shape.nope + shape.rope) * page);
    values = pieces.take<float>(uint64_t(shape.pageTokens) * shape.value);
    rope = pieces.take<float>(uint64_t(kPrefillTokens) * shape.rope);
    scores = pieces.take<float>(uint64_t(kPrefillTokens) * page);
    softmax = pieces.take<RunningSoftmax>(shape.maxTokens);
    sums = pieces.take<float>(uint64_t(shape.maxTokens) * shape.value);
    bytes = pieces.used;
  }
};

/// What a worker of the reference keeps: one key, one value, all in double.
struct AttentionReferenceSpace {
  double *key;     // [nope]
  double *value;   // [value]
  double *largest; // [max_tokens]
  double *sum;     // [max_tokens]
  double *sums;    // [max_tokens, value]
  uint64_t bytes;

  AttentionReferenceSpace(const AttentionPrefillShape &shape, void *workspace) {
    WorkspacePieces pieces{workspace};
    key = pieces.take<double>(shape.nope);
    value = pieces.take<double>(shape.value);
    largest = pieces.take<double>(shape.maxTokens);
    sum = pieces.take<double>(shape.maxTokens);
    sums = pieces.take<double>(uint64_t(shape.maxTokens) * shape.value);
    bytes = pieces.used;
  }
};

/// A tile is one sequence and one head.
constexpr uint32_t attentionPrefillTiles(const AttentionPrefillShape &shape,
                                         const Batch &batch) {
  return batch.sequences * shape.heads;
}

/// Bytes per worker.
inline uint64_t attentionPrefillWorkspace(const AttentionPrefillShape &shape) {
  uint64_t cpu = AttentionPrefillSpace(shape, nullptr).bytes;
  uint64_t reference = AttentionReferenceSpace(shape, nullptr).bytes;
  return cpu > reference ? cpu : reference;
}

/// For `rows` tokens of a prompt from its start: every key is expanded once,
/// a token sees half of them on average.
constexpr Work attentionPrefillWork(const AttentionPrefillShape &shape,
                                    uint64_t rows) {
  uint64_t weights =
      uint64_t(shape.heads) * (shape.nope + shape.value) * shape.latent;
  uint64_t pairs = rows * (rows + 1) / 2;
  return {rows * (shape.latent + shape.rope) * sizeof(bf16) +
              rows * shape.heads *
                  ((shape.rope + shape.value) * sizeof(bf16) +
                   shape.nope * sizeof(float)),
          2 * rows * weights +
              2 * pairs * shape.heads * (shape.nope + shape.rope + shape.value),
          weights};
}
} // namespace ds::kernels
