// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How grouped_linear is cut into tiles on a GPU.
#pragma once
#include "kernels/base/LaunchShape.h"
#include "kernels/base/TileSizes.h"
#include "kernels/grouped_linear/grouped_linear.h"

namespace ds::kernels::cuda {

/// Column tiles of all parts; a tile's columns are rows of one part's w.
DS_SHARED_FUNCTION constexpr uint32_t
groupedColumnTiles(const GroupedLinearShape &shape) {
  return shape.parts * ceilDiv(shape.out, kTileColumns);
}

/// At most: each expert has at most one tile that is not full.
DS_SHARED_FUNCTION constexpr TileCount
groupedTileCount(const GroupedLinearShape &shape) {
  return {TileCount::Tokens, groupedColumnTiles(shape), shape.topk, kTileRows,
          shape.experts};
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
