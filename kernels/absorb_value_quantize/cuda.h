// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How absorb_value_quantize is cut into tiles on a GPU.
#pragma once
#include "kernels/absorb_value_quantize/absorb_value_quantize.h"
#include "kernels/base/LaunchShape.h"
#include "kernels/base/TileSizes.h"

namespace ds::kernels::cuda {

/// A tile's columns are a group of scales.
DS_SHARED_FUNCTION constexpr TileCount
absorbValueQuantizeTileCount(const AbsorbValueQuantizeShape &shape) {
  return {TileCount::Tokens, scaleGroups(absorbValueColumns(shape)), 1,
          kTileRows, 0};
}

/// Bytes of a tile of u, bf16, behind those of the products.
constexpr uint32_t kGroupBytes = kTileRows * kScaleGroup * sizeof(bf16);

DS_SHARED_FUNCTION constexpr uint32_t
absorbValueQuantizeSharedBF16(const AbsorbValueQuantizeShape &) {
  return TileSizes<bf16, bf16>::kSharedBytes + kGroupBytes;
}
DS_SHARED_FUNCTION constexpr uint32_t
absorbValueQuantizeSharedBF16xF8(const AbsorbValueQuantizeShape &) {
  return TileSizes<bf16, f8e4m3fn>::kSharedBytes + kGroupBytes;
}

} // namespace ds::kernels::cuda
