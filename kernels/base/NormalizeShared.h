// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Shared memory of kernels that normalise a row of `n` columns (Normalize.cuh).
#pragma once
#include "kernels/base/Items.h"

namespace ds::kernels::cuda {

/// Threads of a block: so many that every quad of a row of hidden size is on
/// its way from memory at once; fewer for the shorter rows of a latent.
constexpr uint32_t kNormThreads = 512;
constexpr uint32_t kLatentNormThreads = 128;

/// Bytes: one partial sum for each of at most 16 warps, then the row in f32,
/// then the gain in bf16.
DS_SHARED_FUNCTION constexpr uint32_t normalizeShared(uint32_t n) {
  return kNormThreads / 32 * sizeof(float) + quads(n) * kQuadColumns * (4 + 2);
}

} // namespace ds::kernels::cuda
