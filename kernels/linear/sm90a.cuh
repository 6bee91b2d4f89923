// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// linear on codes with scales, on sm_90a. Operands: codes, scales
// [rows, ceil(in / 128)], y, then each part's weight and its scale. Blocks walk
// over tiles with the rows of activations fastest, so that those that run at
// one time share weights.
#pragma once
#include "kernels/base/Launch.cuh"
#include "kernels/base/ScaledTile.cuh"
#include "kernels/linear/sm90a.h"

namespace ds::kernels::cuda {

/// Tile `tile` of a product of `rows` rows.
struct LinearSM90aTile {
  uint32_t row;     // of x and y
  uint32_t part;    // of the weights
  uint32_t out;     // row of the part's weight
  uint32_t column;  // of y
  uint32_t columns; // of the part from there on

  DS_DEVICE LinearSM90aTile(const LinearShape &shape, uint32_t rows,
                            uint32_t tile) {
    const uint32_t width = linearSM90aWidth(shape);
    const uint32_t down = ceilDiv(rows, kScaledRows);
    row = tile % down * kScaledRows;
    uint32_t before = 0, columnsBefore = 0;
    // Unrolled, or linearOut would look into memory.
#pragma unroll
    for (uint32_t p = 0; p < 4; ++p) {
      if (tile / down >= before) {
        part = p;
        out = (tile / down - before) * width;
        column = columnsBefore + out;
        columns = linearOut(shape, p) - out;
      }
      before += ceilDiv(linearOut(shape, p), width);
      columnsBefore += linearOut(shape, p);
      if (p + 1 >= shape.parts)
        break;
    }
  }
};

template <uint32_t kWidth>
DS_DEVICE void loadLinearTiles(const LinearShape &shape, const DeviceCall &call,
                               const ScaledRing<kWidth> &ring, uint32_t rows,
                               uint32_t tiles) {
  for (uint32_t map = 0; map <= shape.parts; ++map)
    tensorMapAcquire(&call.maps[map]);
  RingPlace<kWidth> place;
  for (uint32_t i = blockIndex(); i < tiles; i += gridBlocks()) {
    const LinearSM90aTile tile(shape, rows, i);
#pragma unroll 1
    for (uint32_t column = 0; column < shape.in; column += kStageColumns) {
      Mbarrier *full = ring.full(place.stage);
      wait(ring.empty(place.stage), place.parity ^ 1);
      // What lies outside a matrix is written too, as zeros.
      arriveExpect(full, scaledStageBytes(kWidth));
      loadTile(ring.rows(place.stage), &call.maps[0], full, column, tile.row);
      loadTile(ring.weights(place.stage), &call.maps[1 + tile.part], full,
               column, tile.out);
      place.next();
    }
  }
}

template <uint32_t kWidth>
DS_DEVICE void multiplyLinearTiles(const LinearShape &shape,
                                   const DeviceCall &call,
                                   const ScaledRing<kWidth> &ring,
                                   uint32_t rows, uint32_t tiles) {
  const uint32_t groups = ceilDiv(shape.in, kStageColumns);
  const float *scales = operand<const float>(call, 1);
  float *y = operand<float>(call, 2);
  RingPlace<kWidth> place;
  for (uint32_t i = blockIndex(); i < tiles; i += gridBlocks()) {
    const LinearSM90aTile at(shape, rows, i);
    ScaledProduct tile;
    tile.rows = smaller(rows - at.row, kScaledRows);
    tile.columns = smaller(at.columns, kWidth);
    tile.weightScales = rowOf(operand<const float>(call, 4 + 2 * at.part),
                              at.out / kScaleBlock, groups);
    for (uint32_t which = 0; which < 2; ++which) {
      // A row beyond the last takes its scales, and is not stored.
      const uint32_t row = at.row + tile.row(which);
      tile.rowScales[which] = rowOf(scales, smaller(row, rows - 1), groups);
    }
    float sum[kWidth / 2];
    multiplyStages(ring, place, groups, tile, sum);
    const uint32_t columns = linearColumns(shape);
    storeTile<kWidth>(tile, rowOf(y, at.row, columns) + at.column, columns,
                      sum);
  }
}

template <uint32_t kWidth>
DS_DEVICE void linearSM90aOf(const LinearShape &shape, const DeviceCall &call) {
  const uint32_t rows = linearRows(shape, *call.batch);
  const uint32_t tiles = tilesOf(linearSM90aTiles(shape), *call.batch);
  const ScaledRing<kWidth> ring;
  ring.open(1);
  syncBlock();
  if (threadIndex() < kMathGroups * kWarpgroup)
    multiplyLinearTiles(shape, call, ring, rows, tiles);
  else if (threadIndex() == kMathGroups * kWarpgroup)
    loadLinearTiles(shape, call, ring, rows, tiles);
}

DS_DEVICE void linearSM90a(const LinearShape &shape, const DeviceCall &call) {
  if (linearSM90aWidth(shape) == kNarrowTile)
    linearSM90aOf<kNarrowTile>(shape, call);
  else
    linearSM90aOf<kWideTile>(shape, call);
}

} // namespace ds::kernels::cuda
