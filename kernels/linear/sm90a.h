// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Launch of linear's w8a8 row for sm_90a. Maps: the codes, then each part's
// weights.
#pragma once
#include "kernels/base/ScaledTile.h"
#include "kernels/linear/linear.h"

namespace ds::kernels::cuda {

DS_SHARED_FUNCTION constexpr uint32_t
linearSM90aWidth(const LinearShape &shape) {
  return scaledTileWidth(linearColumns(shape));
}
/// Tiles side by side; none lies in two parts.
DS_SHARED_FUNCTION constexpr uint32_t
linearSM90aAcross(const LinearShape &shape) {
  uint32_t tiles = 0;
  for (uint32_t part = 0; part < shape.parts; ++part)
    tiles += ceilDiv(linearOut(shape, part), linearSM90aWidth(shape));
  return tiles;
}
DS_SHARED_FUNCTION constexpr uint32_t
linearSM90aShared(const LinearShape &shape) {
  return scaledSharedBytes(linearSM90aWidth(shape));
}
DS_SHARED_FUNCTION constexpr TileCount
linearSM90aTiles(const LinearShape &shape) {
  return {shape.headRows ? TileCount::HeadRows : TileCount::Tokens,
          linearSM90aAcross(shape), 1, kScaledRows, 0};
}
DS_SHARED_FUNCTION constexpr TensorMaps
linearSM90aMaps(const LinearShape &shape) {
  TensorMaps maps{{codeMap(0, shape.in, 0, kScaledRows)}, shape.parts + 1};
  for (uint32_t part = 0; part < shape.parts; ++part)
    maps.list[part + 1] =
        codeMap(3 + 2 * part, shape.in, linearOut(shape, part),
                linearSM90aWidth(shape));
  return maps;
}
/// TMA needs rows of a multiple of 16 bytes.
DS_SHARED_FUNCTION constexpr uint32_t
linearSM90aFits(const LinearShape &shape) {
  return shape.in % 16 == 0 ? kAnyRows : 0;
}

} // namespace ds::kernels::cuda
