// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "kernels/base/NormalizeShared.h"
#include "kernels/query_norm_append/query_norm_append.h"

namespace ds::kernels::cuda {

constexpr uint32_t kQueryThreads = 256;

/// A token's query is one tile, its latent the next.
DS_SHARED_FUNCTION constexpr TileCount
queryNormAppendTiles(const QueryNormAppendShape &) {
  return {TileCount::Tokens, 1, 2, 1, 0};
}

DS_SHARED_FUNCTION constexpr uint32_t
queryNormAppendShared(const QueryNormAppendShape &shape) {
  return normalizeShared(shape.n > shape.latent ? shape.n : shape.latent);
}

} // namespace ds::kernels::cuda
