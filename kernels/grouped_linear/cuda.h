// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How grouped_linear is cut into tiles on a GPU.
#pragma once
#include "kernels/base/LaunchShape.h"
#include "kernels/base/TileSizes.h"
#include "kernels/grouped_linear/grouped_linear.h"
#include "kernels/grouped_linear/sm90a.h"

namespace ds::kernels::cuda {

/// Tiles of all parts; a tile's columns are rows of one part's w. At most: each
/// expert has at most one tile that is not full.
DS_SHARED_FUNCTION constexpr TileCount
groupedTileCount(const GroupedLinearShape &shape) {
  return {TileCount::Tokens, shape.parts * ceilDiv(shape.out, kTileColumns),
          shape.topk, kTileRows, shape.experts};
}
DS_SHARED_FUNCTION constexpr TileCount
groupedSkinnyTileCount(const GroupedLinearShape &shape) {
  return {TileCount::Tokens, shape.parts * ceilDiv(shape.out, kSkinnyColumns),
          shape.topk, kSkinnyRows, shape.experts};
}

DS_SHARED_FUNCTION constexpr uint32_t
groupedSkinnyShared(const GroupedLinearShape &shape) {
  return skinnyShared(shape) + raggedTilesBytes(shape.experts);
}

/// As long as an expert has half a tile on average, hardly one reads its
/// weights twice.
DS_SHARED_FUNCTION constexpr uint32_t
groupedSkinnyFits(const GroupedLinearShape &shape) {
  return fitsShared<groupedSkinnyShared>(shape)
             ? kSkinnyRows / 2 * shape.experts / shape.topk
             : 0;
}

template <class X, class W>
DS_SHARED_FUNCTION constexpr uint32_t groupedShared(uint32_t experts) {
  return TileSizes<X, W>::kSharedBytes + raggedTilesBytes(experts);
}
DS_SHARED_FUNCTION constexpr uint32_t
groupedSharedBF16(const GroupedLinearShape &shape) {
  return groupedShared<bf16, bf16>(shape.experts);
}
DS_SHARED_FUNCTION constexpr uint32_t
groupedSharedBF16xF8(const GroupedLinearShape &shape) {
  return groupedShared<bf16, f8e4m3fn>(shape.experts);
}
DS_SHARED_FUNCTION constexpr uint32_t
groupedSharedF8(const GroupedLinearShape &shape) {
  return groupedShared<f8e4m3fn, f8e4m3fn>(shape.experts);
}

} // namespace ds::kernels::cuda
