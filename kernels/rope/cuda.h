// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "kernels/base/Items.h"
#include "kernels/rope/rope.h"

namespace ds::kernels::cuda {

DS_SHARED_FUNCTION constexpr TileCount ropeTiles(const RopeShape &shape) {
  return itemTiles(shape.heads * quads(shape.dim));
}

} // namespace ds::kernels::cuda
