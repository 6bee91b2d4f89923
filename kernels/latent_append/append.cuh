// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Appends one token's row, by a block; query_norm_append has it too.
#pragma once
#include "kernels/base/Normalize.cuh"
#include "kernels/base/Rotate.cuh"
#include "kernels/latent_append/cuda.h"

namespace ds::kernels::cuda {

/// `in` is the token's latent, then its rope part; `angles` its own. Shared
/// memory as normalize<kThreads>() has it.
template <uint32_t kThreads, class A>
DS_DEVICE void appendLatent(const LatentAppendShape &shape, const Batch &batch,
                            uint32_t t, const float *in, const float *angles,
                            A *state, const bf16 *gain) {
  const uint32_t latent = shape.latent, rope = shape.rope;
  const uint32_t position = batch.positions[t];
  const uint32_t page =
      batch.pageTable[size_t(batch.sequenceOf[t]) * batch.pagesPerSequence +
                      position / shape.pageTokens];
  const size_t place =
      size_t(page) * shape.pageTokens + position % shape.pageTokens;
  A *row = state + place * (latent + rope);
  const bool whole = areWhole(latent, rope);
  const bool inWhole = whole && areWhole(shape.inStride, shape.inOffset);
  auto load = [&](uint32_t quad) {
    const uint32_t at = quad * kQuadColumns;
    return loadQuad(in + at, latent - at, inWhole);
  };
  for (uint32_t quad = threadIndex(); quad < quads(rope); quad += kThreads) {
    const uint32_t at = quad * kQuadColumns, count = rope - at;
    const Quad turned = rotate(loadQuad(in + latent + at, count, inWhole),
                               loadQuad(angles + at, count, areWhole(rope)));
    storeQuad(row + latent + at, turned, count, whole);
  }
  normalize<kThreads>(latent, shape.eps, gain, load, KeepNothing(),
                      storeTo(row, latent, whole));
}

} // namespace ds::kernels::cuda
