// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the device half of every family uses: operands and the walk over tiles.
#pragma once
#include "kernels/base/DeviceCall.h"
#include "kernels/base/LaunchShape.h"
#include "kernels/base/Ptx.cuh"

namespace ds::kernels::cuda {

/// Operand `index` of the contract.
template <class T>
DS_DEVICE T *operand(const DeviceCall &call, uint32_t index) {
  return static_cast<T *>(call.operands[index]);
}

/// The row of a matrix of `columns` columns; 64-bit, T x columns may pass 2^32.
template <class T>
DS_DEVICE T *rowOf(T *matrix, uint32_t row, uint32_t columns) {
  return matrix + size_t(row) * columns;
}

/// Calls tile(i) for this block's tiles. All threads of the block meet between
/// two tiles, so a tile may use shared memory at once.
template <class Tile>
DS_DEVICE void forTiles(const TileCount &count, const DeviceCall &call,
                        Tile &&tile) {
  const uint32_t tiles = tilesOf(count, *call.batch);
  for (uint32_t i = blockIndex(); i < tiles; i += gridBlocks()) {
    tile(i);
    syncBlock();
  }
}

} // namespace ds::kernels::cuda
