// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How linear is cut into tiles on a GPU.
#pragma once
#include "kernels/base/LaunchShape.h"
#include "kernels/base/TileSizes.h"
#include "kernels/linear/linear.h"
#include "kernels/linear/sm90a.h"

namespace ds::kernels::cuda {

/// Tiles of `columns` rows of one part's w, of all parts.
DS_SHARED_FUNCTION constexpr uint32_t
linearColumnTiles(const LinearShape &shape, uint32_t columns) {
  uint32_t tiles = 0;
  for (uint32_t part = 0; part < shape.parts; ++part)
    tiles += ceilDiv(linearOut(shape, part), columns);
  return tiles;
}

DS_SHARED_FUNCTION constexpr TileCount
linearTileCount(const LinearShape &shape) {
  return {shape.headRows ? TileCount::HeadRows : TileCount::Tokens,
          linearColumnTiles(shape, kTileColumns), 1, kTileRows, 0};
}
DS_SHARED_FUNCTION constexpr TileCount
linearSkinnyTileCount(const LinearShape &shape) {
  return {shape.headRows ? TileCount::HeadRows : TileCount::Tokens,
          linearColumnTiles(shape, kSkinnyColumns), 1, kSkinnyRows, 0};
}

/// More rows than this go faster in large tiles.
DS_SHARED_FUNCTION constexpr uint32_t linearSkinnyFits(const LinearShape &) {
  return 2 * kSkinnyRows;
}

} // namespace ds::kernels::cuda
