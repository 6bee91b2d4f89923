// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How the tiled matrix products divide their work (TileProduct.cuh). Constants
// for kernels and for launch tables.
#pragma once
#include "kernels/base/DeviceCall.h"
#include "kernels/base/Matrix.h"

namespace ds::kernels::cuda {

/// A block of 8 warps computes 64 rows of x times 128 rows of w: a warp 32 rows
/// times 32 columns. K goes by in steps of 128 bytes of w, that is, of one
/// scale block where w is f8e4m3fn.
template <class XElement, class WElement, uint32_t rows = 64,
          uint32_t columns = 128>
struct TileSizes {
  using X = XElement;
  using W = WElement;
  static constexpr uint32_t kRows = rows;
  static constexpr uint32_t kColumns = columns;
  static constexpr uint32_t kWarpsAcross = columns / 32;
  static constexpr uint32_t kThreads = rows / 32 * kWarpsAcross * 32;
  static constexpr uint32_t kDepth = 128 / sizeof(W);
  static constexpr uint32_t kStepBytes =
      kDepth * (kRows * sizeof(X) + kColumns * sizeof(W));
  /// As many steps in flight as leave room for two blocks on a multiprocessor
  /// of sm_80 (164 KiB), and for one on sm_89 (100 KiB).
  static constexpr uint32_t kSteps = 80 * 1024 / kStepBytes;
  static constexpr uint32_t kSharedBytes = kSteps * kStepBytes;
  static_assert(kThreads == 256 && kSteps >= 2);
};

constexpr uint32_t kTileRows = TileSizes<bf16, bf16>::kRows;
constexpr uint32_t kTileColumns = TileSizes<bf16, bf16>::kColumns;
constexpr uint32_t kTileWarps = TileSizes<bf16, bf16>::kThreads / 32;

/// Tiles of gated products (GatedProduct.cuh): 128 rows of each of two
/// matrices.
constexpr uint32_t kGatedRowsOfX = 32;
constexpr uint32_t kGatedColumns = 128; // of y
template <class X, class W>
using GatedSizes = TileSizes<X, W, kGatedRowsOfX, 2 * kGatedColumns>;
constexpr uint32_t kGatedWarps = GatedSizes<bf16, bf16>::kThreads / 32;
/// Bytes of shared memory of a block; of them kGatedLargest behind the tiles.
constexpr uint32_t kGatedLargest =
    kGatedWarps * kGatedRowsOfX * sizeof(uint32_t);
template <class X, class W>
constexpr uint32_t kGatedShared =
    GatedSizes<X, W>::kSharedBytes + kGatedLargest;

/// Tiles for a few rows of x (SkinnyProduct.cuh): rows of x and of w.
constexpr uint32_t kSkinnyRows = 8;
constexpr uint32_t kSkinnyColumns = 16;
constexpr uint32_t kSkinnySums = kSkinnyRows * kSkinnyColumns;
constexpr uint32_t kSkinnyWarps = 8; // of a block
template <class Shape>
DS_SHARED_FUNCTION constexpr uint32_t skinnyShared(const Shape &) {
  return kSkinnyWarps * kSkinnySums * sizeof(float);
}

DS_SHARED_FUNCTION constexpr uint32_t smaller(uint32_t a, uint32_t b) {
  return a < b ? a : b;
}

constexpr uint32_t kExpertGroup = 16; // experts that one thread counts

/// Bytes of shared memory that RaggedTiles (RaggedTiles.cuh) takes.
DS_SHARED_FUNCTION constexpr uint32_t raggedTilesBytes(uint32_t experts) {
  return (experts + 1 + ceilDiv(experts, kExpertGroup)) * sizeof(uint32_t);
}

/// Shared memory of a block, for launch tables.
template <class Shape>
DS_SHARED_FUNCTION constexpr uint32_t tileSharedBF16(const Shape &) {
  return TileSizes<bf16, bf16>::kSharedBytes;
}
template <class Shape>
DS_SHARED_FUNCTION constexpr uint32_t tileSharedBF16xF8(const Shape &) {
  return TileSizes<bf16, f8e4m3fn>::kSharedBytes;
}
template <class Shape>
DS_SHARED_FUNCTION constexpr uint32_t tileSharedF8(const Shape &) {
  return TileSizes<f8e4m3fn, f8e4m3fn>::kSharedBytes;
}

} // namespace ds::kernels::cuda
