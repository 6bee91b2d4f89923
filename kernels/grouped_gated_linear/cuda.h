// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How grouped_gated_linear is cut into tiles on a GPU.
#pragma once
#include "kernels/base/LaunchShape.h"
#include "kernels/base/TileSizes.h"
#include "kernels/grouped_gated_linear/grouped_gated_linear.h"

namespace ds::kernels::cuda {

/// At most: each expert has at most one tile that is not full.
DS_SHARED_FUNCTION constexpr TileCount
groupedGatedTileCount(const GroupedGatedLinearShape &shape) {
  return {TileCount::Tokens, ceilDiv(shape.out, kGatedColumns), shape.topk,
          kGatedRowsOfX, shape.experts};
}

DS_SHARED_FUNCTION constexpr uint32_t
groupedGatedSharedBF16(const GroupedGatedLinearShape &shape) {
  return kGatedShared<bf16, bf16> + raggedTilesBytes(shape.experts);
}
DS_SHARED_FUNCTION constexpr uint32_t
groupedGatedSharedBF16xF8(const GroupedGatedLinearShape &shape) {
  return kGatedShared<bf16, f8e4m3fn> + raggedTilesBytes(shape.experts);
}
DS_SHARED_FUNCTION constexpr uint32_t
groupedGatedSharedF8(const GroupedGatedLinearShape &shape) {
  return kGatedShared<f8e4m3fn, f8e4m3fn> + raggedTilesBytes(shape.experts);
}

} // namespace ds::kernels::cuda
