// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// grouped_linear on codes with scales, on sm_90a. Operands: codes, scales,
// offsets, token_of, y, the list of weights and their scales. Rows of one
// expert lie anywhere among the activations, so TMA brings only the weights;
// the warp group that loads copies the rows with cp.async, chunk by chunk to
// where the swizzle of the ring has them. Tiles of the same weights are
// neighbours.
#pragma once
#include "kernels/base/RaggedTiles.cuh"
#include "kernels/base/ScaledTile.cuh"
#include "kernels/grouped_linear/sm90a.h"

namespace ds::kernels::cuda {

/// Tile `tile` of all, and where it lies in the weights.
struct GroupedSM90aTile {
  RaggedTiles<kScaledRows>::Tile rows;
  uint32_t matrix; // of the list of experts and parts
  uint32_t out;    // row of the matrix
  uint32_t column; // of y

  DS_DEVICE GroupedSM90aTile(const GroupedLinearShape &shape,
                             const RaggedTiles<kScaledRows> &ragged,
                             uint32_t tile)
      : rows(ragged.at(tile % ragged.count())) {
    const uint32_t width = groupedSM90aWidth(shape);
    const uint32_t across = tile / ragged.count();
    const uint32_t part = across / ceilDiv(shape.out, width);
    matrix = rows.expert * shape.parts + part;
    out = across % ceilDiv(shape.out, width) * width;
    column = part * shape.out + out;
  }
};

/// What the loading warp group knows of a run.
template <uint32_t kWidth>
class GroupedLoader {
  static constexpr uint32_t kChunk = 16; // bytes
  static constexpr uint32_t kChunks = kStageColumns / kChunk;
  /// Rows that the warp group copies at once, a chunk a thread.
  static constexpr uint32_t kStep = kWarpgroup / kChunks;
  /// Stages on their way before the oldest is waited for.
  static constexpr uint32_t kAhead = 4;
  static_assert(kAhead < scaledStages(kWidth));

public:
  DS_DEVICE GroupedLoader(const GroupedLinearShape &shape,
                          const DeviceCall &call,
                          const ScaledRing<kWidth> &ring)
      : shape_(shape), call_(call), ring_(ring),
        thread_(threadIndex() - kMathGroups * kWarpgroup) {}

  DS_DEVICE void load(const GroupedSM90aTile &tile) {
    const TensorMap *map = &call_.maps[tile.matrix];
    if (thread_ == 0)
      tensorMapAcquire(map);
    const f8e4m3fn *from[kScaledRows / kStep];
    const uint32_t *tokenOf = operand<const uint32_t>(call_, 3);
#pragma unroll
    for (uint32_t i = 0; i < kScaledRows / kStep; ++i) {
      const uint32_t slot =
          tile.rows.slot + (row(i) < tile.rows.slots ? row(i) : 0);
      from[i] = rowOf(operand<const f8e4m3fn>(call_, 0),
                      shape_.gather ? tokenOf[slot] : slot, shape_.in);
    }
#pragma unroll 1
    for (uint32_t column = 0; column < shape_.in; column += kStageColumns) {
      wait(ring_.empty(place_.stage), place_.parity ^ 1);
      if (thread_ == 0) {
        arriveExpect(ring_.full(place_.stage),
                     ScaledRing<kWidth>::kWeightBytes);
        loadTile(ring_.weights(place_.stage), map, ring_.full(place_.stage),
                 column, tile.out);
      }
      const uint32_t first = column + thread_ % kChunks * kChunk;
      const bool isThere = first < shape_.in;
#pragma unroll
      for (uint32_t i = 0; i < kScaledRows / kStep; ++i) {
        // The others keep what they had: no result of theirs is stored.
        if (row(i) < tile.rows.slots)
          copyAsync16(ring_.rows(place_.stage) + row(i) * kStageColumns +
                          ((thread_ % kChunks) ^ (row(i) % 8)) * kChunk,
                      from[i] + (isThere ? first : 0), isThere ? kChunk : 0);
      }
      copyAsyncCommit();
      place_.next();
      if (++issued_ > kAhead)
        deliver<kAhead>();
    }
  }

  /// Delivers what is still on its way.
  DS_DEVICE void finish() {
    copyAsyncWait<0>();
    for (uint32_t left = issued_ < kAhead ? issued_ : kAhead; left != 0; --left)
      deliver<0>();
  }

private:
  DS_DEVICE uint32_t row(uint32_t i) const {
    return thread_ / kChunks + i * kStep;
  }
  /// The oldest stage that is not delivered is full, as far as this thread
  /// goes. wgmma reads through another proxy than cp.async writes.
  template <uint32_t kLeft>
  DS_DEVICE void deliver() {
    copyAsyncWait<kLeft>();
    fenceProxyAsync();
    arrive(ring_.full(delivered_.stage));
    delivered_.next();
  }

  const GroupedLinearShape &shape_;
  const DeviceCall &call_;
  const ScaledRing<kWidth> &ring_;
  uint32_t thread_; // of the warp group
  uint32_t issued_ = 0;
  RingPlace<kWidth> place_, delivered_;
};

template <uint32_t kWidth>
DS_DEVICE void
multiplyGroupedTiles(const GroupedLinearShape &shape, const DeviceCall &call,
                     const ScaledRing<kWidth> &ring,
                     const RaggedTiles<kScaledRows> &ragged, uint32_t tiles) {
  const uint32_t groups = ceilDiv(shape.in, kStageColumns);
  const uint32_t columns = shape.parts * shape.out;
  const float *scales = operand<const float>(call, 1);
  const uint32_t *tokenOf = operand<const uint32_t>(call, 3);
  float *y = operand<float>(call, 4);
  auto *list = operand<const void *const>(call, 5);
  RingPlace<kWidth> place;
  for (uint32_t i = blockIndex(); i < tiles; i += gridBlocks()) {
    const GroupedSM90aTile at(shape, ragged, i);
    ScaledProduct tile;
    tile.rows = at.rows.slots;
    tile.columns = smaller(shape.out - at.out, kWidth);
    tile.weightScales =
        rowOf(static_cast<const float *>(list[2 * at.matrix + 1]),
              at.out / kScaleBlock, groups);
    for (uint32_t which = 0; which < 2; ++which) {
      // A row beyond the last takes the first's scales, and is not stored.
      const uint32_t row = tile.row(which) < tile.rows ? tile.row(which) : 0;
      const uint32_t slot = at.rows.slot + row;
      tile.rowScales[which] =
          rowOf(scales, shape.gather ? tokenOf[slot] : slot, groups);
    }
    float sum[kWidth / 2];
    multiplyStages(ring, place, groups, tile, sum);
    storeTile<kWidth>(tile, rowOf(y, at.rows.slot, columns) + at.column,
                      columns, sum);
  }
}

template <uint32_t kWidth>
DS_DEVICE void groupedLinearSM90aOf(const GroupedLinearShape &shape,
                                    const DeviceCall &call) {
  const ScaledRing<kWidth> ring;
  ring.open(kWarpgroup + 1);
  // Its threads meet, which opens the ring as well.
  const RaggedTiles<kScaledRows> ragged(operand<const uint32_t>(call, 2),
                                        shape.experts, ring.end());
  const uint32_t tiles = ragged.count() * groupedSM90aAcross(shape);
  if (threadIndex() < kMathGroups * kWarpgroup) {
    multiplyGroupedTiles(shape, call, ring, ragged, tiles);
  } else {
    GroupedLoader<kWidth> loader(shape, call, ring);
    for (uint32_t i = blockIndex(); i < tiles; i += gridBlocks())
      loader.load(GroupedSM90aTile(shape, ragged, i));
    loader.finish();
  }
}

DS_DEVICE void groupedLinearSM90a(const GroupedLinearShape &shape,
                                  const DeviceCall &call) {
  if (groupedSM90aWidth(shape) == kNarrowTile)
    groupedLinearSM90aOf<kNarrowTile>(shape, call);
  else
    groupedLinearSM90aOf<kWideTile>(shape, call);
}

} // namespace ds::kernels::cuda
