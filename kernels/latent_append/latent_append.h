// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Appends one row per token to a paged state: the normalised latent, then the
// rotated rope part (model-spec 1.5):
//   row = A(rms(a[0 : latent], gain, eps)) , A(rope(a[latent : latent + rope]))
// with a = x[t, in_offset : in_offset + latent + rope], written to row
// positions[t] % page_tokens of page pageTable[sequenceOf[t], positions[t] /
// page_tokens].
//   in   x f32 [T, in_stride], angles f32 [T, rope / 2, 2], state A [pages,
//   page_tokens, latent + rope] w    gain bf16 [latent]
// A tile is one token.
// A, the element of activations, is bf16 or f32 by row.
// Allocates nothing, keeps nothing, calls nothing, safe on many threads.
#pragma once
#include "kernels/base/Abi.h"
#include "kernels/base/Shape.h"
#include "kernels/base/Work.h"

#define DS_LATENT_APPEND_SHAPE(FIELD)                                          \
  FIELD(uint32_t, latent)                                                      \
  FIELD(uint32_t, rope)                                                        \
  FIELD(uint32_t, inStride)                                                    \
  FIELD(uint32_t, inOffset)                                                    \
  FIELD(uint32_t, pageTokens)                                                  \
  FIELD(float, eps)

namespace ds::kernels {
struct LatentAppendShape {
  DS_LATENT_APPEND_SHAPE(DS_SHAPE_MEMBER)
};

/// Bytes per worker.
inline uint64_t latentAppendWorkspace(const LatentAppendShape &) { return 0; }
/// Activations are counted with 4 bytes an element.
inline Work latentAppendWork(const LatentAppendShape &shape, uint64_t rows) {
  return {rows * (shape.latent + shape.rope) * 8 + shape.latent * 2ull,
          rows * (shape.latent * 4ull + shape.rope * 3ull)};
}
} // namespace ds::kernels
