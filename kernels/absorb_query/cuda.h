// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How absorb_query is cut into tiles on a GPU.
#pragma once
#include "kernels/absorb_query/absorb_query.h"
#include "kernels/base/LaunchShape.h"
#include "kernels/base/TileSizes.h"

namespace ds::kernels::cuda {

/// Column tiles of all heads; a tile's columns are latent columns of one head.
DS_SHARED_FUNCTION constexpr TileCount
absorbQueryTileCount(const AbsorbQueryShape &shape) {
  return {TileCount::Tokens, shape.heads * ceilDiv(shape.latent, kTileColumns),
          1, kTileRows, 0};
}

} // namespace ds::kernels::cuda
