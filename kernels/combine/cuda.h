// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "kernels/base/Items.h"
#include "kernels/combine/combine.h"

namespace ds::kernels::cuda {

DS_SHARED_FUNCTION constexpr TileCount combineTiles(const CombineShape &shape) {
  return itemTiles(quads(shape.hidden));
}

} // namespace ds::kernels::cuda
