// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How linear is cut into tiles on a GPU.
#pragma once
#include "kernels/base/LaunchShape.h"
#include "kernels/base/TileSizes.h"
#include "kernels/linear/linear.h"

namespace ds::kernels::cuda {

/// A tile's columns are rows of one part's w.
DS_SHARED_FUNCTION constexpr uint32_t
linearColumnTiles(const LinearShape &shape) {
  uint32_t tiles = 0;
  for (uint32_t part = 0; part < shape.parts; ++part)
    tiles += ceilDiv(linearOut(shape, part), kTileColumns);
  return tiles;
}

DS_SHARED_FUNCTION constexpr TileCount
linearTileCount(const LinearShape &shape) {
  return {shape.headRows ? TileCount::HeadRows : TileCount::Tokens,
          linearColumnTiles(shape), 1, kTileRows, 0};
}

} // namespace ds::kernels::cuda
