// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "kernels/base/Items.h"
#include "kernels/cast/cast.h"

namespace ds::kernels::cuda {

DS_SHARED_FUNCTION constexpr TileCount castTiles(const CastShape &shape) {
  return itemTiles(shape.rowsPerToken * quads(shape.n));
}

} // namespace ds::kernels::cuda
