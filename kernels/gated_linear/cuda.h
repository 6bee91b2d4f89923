// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How gated_linear is cut into tiles on a GPU.
#pragma once
#include "kernels/base/LaunchShape.h"
#include "kernels/base/TileSizes.h"
#include "kernels/gated_linear/gated_linear.h"

namespace ds::kernels::cuda {

DS_SHARED_FUNCTION constexpr TileCount
gatedLinearTileCount(const GatedLinearShape &shape) {
  return {TileCount::Tokens, ceilDiv(shape.out, kGatedColumns), 1,
          kGatedRowsOfX, 0};
}

DS_SHARED_FUNCTION constexpr uint32_t
gatedSharedBF16(const GatedLinearShape &) {
  return kGatedShared<bf16, bf16>;
}
DS_SHARED_FUNCTION constexpr uint32_t
gatedSharedBF16xF8(const GatedLinearShape &) {
  return kGatedShared<bf16, f8e4m3fn>;
}
DS_SHARED_FUNCTION constexpr uint32_t gatedSharedF8(const GatedLinearShape &) {
  return kGatedShared<f8e4m3fn, f8e4m3fn>;
}

} // namespace ds::kernels::cuda
