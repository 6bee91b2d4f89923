// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Tiles of kernels whose threads or warps work alone, each on one small item of
// a token, such as a quad: four neighbouring columns of a row.
#pragma once
#include "kernels/base/LaunchShape.h"
#include "kernels/base/Matrix.h"

namespace ds::kernels::cuda {

/// Columns of a quad; the last of a row may have fewer.
constexpr uint32_t kQuadColumns = 4;

DS_SHARED_FUNCTION constexpr uint32_t quads(uint32_t columns) {
  return ceilDiv(columns, kQuadColumns);
}

/// Threads of a block; a few blocks per row keep the multiprocessors busy when
/// there is one token.
constexpr uint32_t kItemThreads = 128;

/// One item per thread, `perToken` items of each token.
DS_SHARED_FUNCTION constexpr TileCount itemTiles(uint32_t perToken) {
  return {TileCount::Tokens, 1, perToken, kItemThreads, 0};
}
/// One item per warp.
DS_SHARED_FUNCTION constexpr TileCount warpItemTiles(uint32_t perToken) {
  return {TileCount::Tokens, 1, perToken, kItemThreads / 32, 0};
}

} // namespace ds::kernels::cuda
