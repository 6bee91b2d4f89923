// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "kernels/base/Items.h"
#include "kernels/rope_table/rope_table.h"

namespace ds::kernels::cuda {

DS_SHARED_FUNCTION constexpr TileCount
ropeTableTiles(const RopeTableShape &shape) {
  return itemTiles(shape.pairs);
}

} // namespace ds::kernels::cuda
