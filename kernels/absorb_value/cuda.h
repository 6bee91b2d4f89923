// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How absorb_value is cut into tiles on a GPU.
#pragma once
#include "kernels/absorb_value/absorb_value.h"
#include "kernels/base/LaunchShape.h"
#include "kernels/base/TileSizes.h"

namespace ds::kernels::cuda {

/// Column tiles of all heads; a tile's columns are values of one head.
DS_SHARED_FUNCTION constexpr TileCount
absorbValueTileCount(const AbsorbValueShape &shape) {
  return {TileCount::Tokens, shape.heads * ceilDiv(shape.value, kTileColumns),
          1, kTileRows, 0};
}

} // namespace ds::kernels::cuda
