// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Tiles of w8a8 products on sm_90a (ScaledTile.cuh): sizes, and what a launch
// needs for them. A tile is kScaledRows rows of activations times `width` rows
// of a weight; one warp group brings both to shared memory in stages of 128
// columns, the others multiply 64 rows of activations each.
#pragma once
#include "kernels/base/LaunchShape.h"
#include "kernels/base/Matrix.h"

namespace ds::kernels::cuda {

constexpr uint32_t kWarpgroup = 128; // threads
constexpr uint32_t kMathGroups = 2;
constexpr uint32_t kScaledThreads = (kMathGroups + 1) * kWarpgroup;
constexpr uint32_t kGroupRows = 64; // wgmma's M
constexpr uint32_t kScaledRows = kMathGroups * kGroupRows;
/// Columns of a stage: those of one scale, and the bytes of a swizzled row.
constexpr uint32_t kStageColumns = kScaleBlock;

constexpr uint32_t kNarrowTile = 64, kWideTile = 128;

/// Rows of the weight in a tile, of `out` rows in all. Wide tiles read the
/// activations half as often; they pay once there is one for each of the 132
/// multiprocessors of an H100 even where one tile holds all the tokens.
DS_SHARED_FUNCTION constexpr uint32_t scaledTileWidth(uint64_t out) {
  return out < 132 * kWideTile ? kNarrowTile : kWideTile;
}

/// 192 KiB, whatever the width.
DS_SHARED_FUNCTION constexpr uint32_t scaledStages(uint32_t width) {
  return width == kNarrowTile ? 8 : 6;
}
DS_SHARED_FUNCTION constexpr uint32_t scaledStageBytes(uint32_t width) {
  return (kScaledRows + width) * kStageColumns;
}
/// The stages, and two barriers of 8 bytes for each.
DS_SHARED_FUNCTION constexpr uint32_t scaledSharedBytes(uint32_t width) {
  return scaledStages(width) * (scaledStageBytes(width) + 16);
}
/// What a block can have on sm_90a.
constexpr uint32_t kSM90aSharedBytes = 227 * 1024;
static_assert(scaledSharedBytes(kNarrowTile) <= kSM90aSharedBytes &&
              scaledSharedBytes(kWideTile) <= kSM90aSharedBytes);

/// The map of `rows` rows of codes (0: of those of the run) of operand
/// `operand`, in boxes of `boxRows` rows of a stage.
DS_SHARED_FUNCTION constexpr TensorMapSpec
codeMap(uint32_t operand, uint32_t columns, uint32_t rows, uint32_t boxRows) {
  return {operand, 0, 0, 0, 1, columns, rows, 1, kStageColumns, boxRows};
}

} // namespace ds::kernels::cuda
