// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// As linear, expert by expert. One kernel for long and for short runs: blocks
// find the tiles that exist from `offsets` (base/RaggedTiles.cuh), so that
// experts without slots cost nothing, and a tile with few rows multiplies only
// the 16 of each mma that it needs; what it then waits for is the weights.
// Tiles of the same weights are neighbours. Error as in linear/cuda.cuh.
#pragma once
#include "kernels/base/RaggedTiles.cuh"
#include "kernels/base/ScaleBlocks.cuh"
#include "kernels/grouped_linear/cuda.h"

namespace ds::kernels::cuda {

/// X: bf16, or codes with scales as one more operand; W: the weights.
template <class X, class W, class Units = BF16Units>
DS_DEVICE void groupedLinear(const GroupedLinearShape &shape,
                             const DeviceCall &call) {
  constexpr uint32_t kOffsets = kMatrixOperands<X>;
  const Vectors<X> x{operand<const X>(call, 0), operand<const float>(call, 1),
                     shape.in, shape.in, shape.in};
  auto *tokenOf = operand<const uint32_t>(call, kOffsets + 1);
  float *y = operand<float>(call, kOffsets + 2);
  auto *list = operand<const void *const>(call, kOffsets + 3);
  const RaggedTiles<kTileRows> ragged(
      operand<const uint32_t>(call, kOffsets), shape.experts,
      sharedMemory() + TileSizes<X, W>::kSharedBytes);
  const uint32_t rowTiles = ragged.count();
  const uint32_t tiles = rowTiles * groupedColumnTiles(shape);
  const uint32_t partTiles = ceilDiv(shape.out, kTileColumns);
  for (uint32_t i = blockIndex(); i < tiles; i += gridBlocks()) {
    const auto tile = ragged.at(i % rowTiles);
    const uint32_t part = i / rowTiles / partTiles;
    const uint32_t first = i / rowTiles % partTiles * kTileColumns;
    const uint32_t columns = smaller(shape.out - first, kTileColumns);
    const uint32_t place = tile.expert * shape.parts + part;
    const WarpSums sums = multiplyRows<Units, X, W>(
        x, tile.slots,
        [&](uint32_t row) {
          return shape.gather ? tokenOf[tile.slot + row] : tile.slot + row;
        },
        Matrix<W>::at(list + place * kMatrixOperands<W>, shape.in), first,
        columns);
    const uint32_t stride = shape.parts * shape.out;
    float *to = rowOf(y, tile.slot, stride) + part * shape.out + first;
    forRuns(sums, tile.slots, columns,
            [&](uint32_t row, uint32_t column, const float(&values)[kRun],
                uint32_t count) {
              storeRun(rowOf(to, row, stride) + column, values, count);
            });
    syncBlock(); // before shared memory is filled again
  }
}

/// w8a8 where the tensor cores multiply codes: they keep 13 bits of a sum,
/// which therefore never holds more than the 128 products of a scale block.
DS_DEVICE void groupedLinearInF8Units(const GroupedLinearShape &shape,
                                      const DeviceCall &call) {
  groupedLinear<f8e4m3fn, f8e4m3fn, F8Units>(shape, call);
}

} // namespace ds::kernels::cuda
