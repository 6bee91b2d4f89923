// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The parts of a w8a8 product on sm_90a: a ring of stages in shared memory that
// the last warp group fills and the others drain, and their product with
// wgmma. FP8 wgmma keeps 13 bits of its sums, so each 128 columns are summed
// from zero, scaled and added in f32: fma(product, s_x * s_w, sum), columns
// rising. That order is the same for every tile and number of rows.
#pragma once
#include "kernels/base/ScaledTile.h"
#include "kernels/base/Tile.cuh"
#include "kernels/base/TileSizes.h"

namespace ds::kernels::cuda {

/// Where a role is in the ring. All roles go round alike, from tile to tile
/// without a break; the parity of the round tells a barrier's phases apart.
template <uint32_t kWidth>
struct RingPlace {
  uint32_t stage = 0, parity = 0;

  DS_DEVICE void next() {
    if (++stage == scaledStages(kWidth)) {
      stage = 0;
      parity ^= 1;
    }
  }
};

template <uint32_t kWidth>
struct ScaledRing {
  static constexpr uint32_t kStages = scaledStages(kWidth);
  static constexpr uint32_t kRowsBytes = kScaledRows * kStageColumns;
  static constexpr uint32_t kWeightBytes = kWidth * kStageColumns;

  uint8_t *base = sharedMemory();

  /// Rows of activations, swizzled: chunk c of row r lies at r * 128 +
  /// (c ^ r % 8) * 16.
  DS_DEVICE uint8_t *rows(uint32_t stage) const {
    return base + stage * kRowsBytes;
  }
  DS_DEVICE uint8_t *weights(uint32_t stage) const {
    return base + kStages * kRowsBytes + stage * kWeightBytes;
  }
  /// Complete once the stage holds its bytes.
  DS_DEVICE Mbarrier *full(uint32_t stage) const {
    return reinterpret_cast<Mbarrier *>(base +
                                        kStages * scaledStageBytes(kWidth)) +
           stage;
  }
  /// Complete once every warp that multiplies has read the stage.
  DS_DEVICE Mbarrier *empty(uint32_t stage) const {
    return full(kStages) + stage;
  }
  /// Behind the ring.
  DS_DEVICE uint8_t *end() const { return base + scaledSharedBytes(kWidth); }

  /// For all threads of the block, who have to meet before they use the ring.
  /// A stage is full after `fullArrivals` arrivals and their bytes.
  DS_DEVICE void open(uint32_t fullArrivals) const {
    if (threadIndex() != 0)
      return;
    for (uint32_t stage = 0; stage < kStages; ++stage) {
      init(full(stage), fullArrivals);
      init(empty(stage), kMathGroups * kWarpgroup / kWarpLanes);
    }
    fenceInit();
  }
};

/// What a thread that multiplies knows of its tile. It holds rows row(0) and
/// row(1) of it, and of each eight columns, 2 (lane % 4) and the next.
struct ScaledProduct {
  /// The scales of each of the two rows, and of the rows of the weight.
  const float *rowScales[2];
  const float *weightScales;
  uint32_t rows, columns; // of the tile; those beyond are not stored

  DS_DEVICE static uint32_t row(uint32_t which) {
    return threadIndex() / kWarpLanes * 16 + laneIndex() / 4 + 8 * which;
  }
  /// Whether any row of this thread's warp group is wanted.
  DS_DEVICE bool isWanted() const {
    return threadIndex() / kWarpgroup * kGroupRows < rows;
  }
};

/// The sums of one tile over `stages` stages of the ring.
template <uint32_t kWidth>
DS_DEVICE void multiplyStages(const ScaledRing<kWidth> &ring,
                              RingPlace<kWidth> &place, uint32_t stages,
                              const ScaledProduct &tile,
                              float (&sum)[kWidth / 2]) {
#pragma unroll
  for (uint32_t i = 0; i < kWidth / 2; ++i)
    sum[i] = 0;
  const uint32_t group = threadIndex() / kWarpgroup;
#pragma unroll 1
  for (uint32_t k = 0; k < stages; ++k) {
    // On their way while the thread waits.
    const float weightScale = tile.weightScales[k];
    const float scale[2] = {mul(tile.rowScales[0][k], weightScale),
                            mul(tile.rowScales[1][k], weightScale)};
    wait(ring.full(place.stage), place.parity);
    if (tile.isWanted()) {
      float product[kWidth / 2];
      const SharedDescriptor rows = SharedDescriptor::at(
          ring.rows(place.stage) + group * kGroupRows * kStageColumns);
      const SharedDescriptor weights =
          SharedDescriptor::at(ring.weights(place.stage));
      warpgroupFence();
#pragma unroll
      for (uint32_t byte = 0; byte < kStageColumns; byte += 32)
        warpgroupMma<f8e4m3fn>(product, rows.advance(byte),
                               weights.advance(byte), byte != 0);
      warpgroupCommit();
      warpgroupWait<0>();
      pinRegisters(product);
#pragma unroll
      for (uint32_t i = 0; i < kWidth / 2; ++i)
        sum[i] = fma(product[i], scale[i / 2 % 2], sum[i]);
    }
    // A lane that has yet to wait for this stage would miss its phase.
    syncWarp();
    if (laneIndex() == 0)
      arrive(ring.empty(place.stage));
    place.next();
  }
}

/// Writes a tile's sums to y, whose rows are `stride` apart and whose first
/// element is the tile's.
template <uint32_t kWidth>
DS_DEVICE void storeTile(const ScaledProduct &tile, float *y, uint32_t stride,
                         const float (&sum)[kWidth / 2]) {
  const bool pairs = tile.columns == kWidth && stride % 2 == 0 &&
                     reinterpret_cast<uintptr_t>(y) % 8 == 0;
#pragma unroll
  for (uint32_t which = 0; which < 2; ++which) {
    if (tile.row(which) >= tile.rows)
      continue;
    float *row = y + size_t(tile.row(which)) * stride;
#pragma unroll
    for (uint32_t i = 0; i < kWidth / 8; ++i) {
      const uint32_t column = 8 * i + 2 * (laneIndex() % 4);
      const float low = sum[4 * i + 2 * which];
      const float high = sum[4 * i + 2 * which + 1];
      if (pairs) {
        store8(row + column, {{__builtin_bit_cast(uint32_t, low),
                               __builtin_bit_cast(uint32_t, high)}});
        continue;
      }
      if (column < tile.columns)
        row[column] = low;
      if (column + 1 < tile.columns)
        row[column + 1] = high;
    }
  }
}

} // namespace ds::kernels::cuda
