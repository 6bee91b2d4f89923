// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How rope_absorb_query is cut into tiles on a GPU.
#pragma once
#include "kernels/absorb_query/cuda.h"
#include "kernels/rope_absorb_query/rope_absorb_query.h"

namespace ds::kernels::cuda {

DS_SHARED_FUNCTION constexpr TileCount
ropeAbsorbQueryTileCount(const RopeAbsorbQueryShape &shape) {
  return absorbQueryTileCount(absorbQueryOf(shape));
}

} // namespace ds::kernels::cuda
