// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// residual[t] = f32(table[tokenIds[t]]), delta[t] = 0. An id >= vocab gives
// zeros (the runtime refuses such ids before).
//   out  residual f32 [T, hidden], delta f32 [T, hidden]
//   w    table bf16 [vocab, hidden]
// A tile is one token.
// Allocates nothing, keeps nothing, calls nothing, safe on many threads.
#pragma once
#include "kernels/base/Abi.h"
#include "kernels/base/Shape.h"
#include "kernels/base/Work.h"

#define DS_EMBEDDING_SHAPE(FIELD)                                              \
  FIELD(uint32_t, hidden)                                                      \
  FIELD(uint32_t, vocab)

namespace ds::kernels {
struct EmbeddingShape {
  DS_EMBEDDING_SHAPE(DS_SHAPE_MEMBER)
};

/// Bytes per worker.
inline uint64_t embeddingWorkspace(const EmbeddingShape &) { return 0; }
/// Activations are counted with 4 bytes an element.
inline Work embeddingWork(const EmbeddingShape &shape, uint64_t rows) {
  return {rows * shape.hidden * (2 + 4 + 4), 0};
}
} // namespace ds::kernels
