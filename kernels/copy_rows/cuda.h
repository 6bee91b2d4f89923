// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "kernels/base/Items.h"
#include "kernels/copy_rows/copy_rows.h"

namespace ds::kernels::cuda {

DS_SHARED_FUNCTION constexpr TileCount
copyRowsTiles(const CopyRowsShape &shape) {
  return itemTiles(quads(shape.n));
}

} // namespace ds::kernels::cuda
