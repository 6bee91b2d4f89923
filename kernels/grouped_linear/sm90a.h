// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Launch of grouped_linear's w8a8 row for sm_90a. Maps: the weights of each
// expert and part, in the order of the list.
#pragma once
#include "kernels/base/ScaledTile.h"
#include "kernels/base/TileSizes.h"
#include "kernels/grouped_linear/grouped_linear.h"

namespace ds::kernels::cuda {

DS_SHARED_FUNCTION constexpr uint32_t
groupedSM90aWidth(const GroupedLinearShape &shape) {
  return scaledTileWidth(uint64_t(shape.parts) * shape.out);
}
/// Tiles side by side; none lies in two parts.
DS_SHARED_FUNCTION constexpr uint32_t
groupedSM90aAcross(const GroupedLinearShape &shape) {
  return shape.parts * ceilDiv(shape.out, groupedSM90aWidth(shape));
}
/// The ring, and the table of the experts' tiles.
DS_SHARED_FUNCTION constexpr uint32_t
groupedSM90aShared(const GroupedLinearShape &shape) {
  return scaledSharedBytes(groupedSM90aWidth(shape)) +
         raggedTilesBytes(shape.experts);
}
/// An upper bound: the last tile of each expert may be short.
DS_SHARED_FUNCTION constexpr TileCount
groupedSM90aTiles(const GroupedLinearShape &shape) {
  return {TileCount::Tokens, groupedSM90aAcross(shape), shape.topk, kScaledRows,
          shape.experts};
}
DS_SHARED_FUNCTION constexpr TensorMaps
groupedSM90aMaps(const GroupedLinearShape &shape) {
  TensorMapSpec weights =
      codeMap(5, shape.in, shape.out, groupedSM90aWidth(shape));
  weights.stride = 2; // the scales lie between
  weights.list = shape.experts * shape.parts;
  return {{weights}, 1};
}
/// TMA needs rows of a multiple of 16 bytes; the table has to fit beside the
/// ring.
DS_SHARED_FUNCTION constexpr uint32_t
groupedSM90aFits(const GroupedLinearShape &shape) {
  return shape.in % 16 == 0 && groupedSM90aShared(shape) <= kSM90aSharedBytes
             ? kAnyRows
             : 0;
}

} // namespace ds::kernels::cuda
