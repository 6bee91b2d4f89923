// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "kernels/base/Items.h"
#include "kernels/base/Quantize.h"
#include "kernels/quantize/quantize.h"

namespace ds::kernels::cuda {

DS_SHARED_FUNCTION constexpr TileCount
quantizeTiles(const QuantizeShape &shape) {
  return warpItemTiles(shape.rowsPerToken * scaleGroups(shape.n));
}

} // namespace ds::kernels::cuda
