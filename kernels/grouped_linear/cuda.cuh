// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// As linear, expert by expert. Blocks find the tiles that exist from `offsets`
// (base/RaggedTiles.cuh), so that nothing is padded and experts without slots
// cost nothing, in long runs (64 x 128) as in short ones (8 x 16), which wait
// for the weights. Tiles of the same weights are neighbours. Error as in
// linear/cuda.cuh.
#pragma once
#include "kernels/base/RaggedTiles.cuh"
#include "kernels/base/SkinnyProduct.cuh"
#include "kernels/grouped_linear/cuda.h"
#include "kernels/grouped_linear/sm90a.cuh"

namespace ds::kernels::cuda {

/// Operands of X and W: X is bf16, or codes with scales as one more operand.
template <class X, class W>
struct GroupedLinearOperands {
  const GroupedLinearShape &shape;
  const DeviceCall &call;
  static constexpr uint32_t kOffsets = kActivationOperands<X>;

  DS_DEVICE Vectors<X> x() const {
    return {operand<const X>(call, 0), operand<const float>(call, 1), shape.in,
            shape.in, shape.in};
  }
  DS_DEVICE const uint32_t *offsets() const {
    return operand<const uint32_t>(call, kOffsets);
  }
  /// The row of x that a slot takes.
  DS_DEVICE uint32_t rowOfSlot(uint32_t slot) const {
    return shape.gather ? operand<const uint32_t>(call, kOffsets + 1)[slot]
                        : slot;
  }
  DS_DEVICE uint32_t stride() const { return shape.parts * shape.out; }
  DS_DEVICE float *y(uint32_t slot, uint32_t part) const {
    return rowOf(operand<float>(call, kOffsets + 2), slot, stride()) +
           part * shape.out;
  }
  DS_DEVICE Matrix<W> w(uint32_t expert, uint32_t part) const {
    return Matrix<W>::at(operand<const void *const>(call, kOffsets + 3) +
                             (expert * shape.parts + part) * kMatrixOperands<W>,
                         shape.in);
  }
};

/// Calls multiply(tile of slots, part, first row of its w, rows of w) for all
/// tiles of this block; RaggedTiles is at `shared`.
template <uint32_t kRows, uint32_t kColumns, class X, class W, class Multiply>
DS_DEVICE void forGroupedTiles(const GroupedLinearOperands<X, W> &operands,
                               void *shared, Multiply &&multiply) {
  const GroupedLinearShape &shape = operands.shape;
  const RaggedTiles<kRows> ragged(operands.offsets(), shape.experts, shared);
  const uint32_t rowTiles = ragged.count();
  const uint32_t partTiles = ceilDiv(shape.out, kColumns);
  const uint32_t tiles = rowTiles * shape.parts * partTiles;
  for (uint32_t i = blockIndex(); i < tiles; i += gridBlocks()) {
    const uint32_t first = i / rowTiles % partTiles * kColumns;
    multiply(ragged.at(i % rowTiles), i / rowTiles / partTiles, first,
             smaller(shape.out - first, kColumns));
    syncBlock(); // before shared memory is filled again
  }
}

template <class X, class W, class Units = BF16Units>
DS_DEVICE void groupedLinear(const GroupedLinearShape &shape,
                             const DeviceCall &call) {
  const GroupedLinearOperands<X, W> operands{shape, call};
  forGroupedTiles<kTileRows, kTileColumns>(
      operands, sharedMemory() + TileSizes<X, W>::kSharedBytes,
      [&](auto tile, uint32_t part, uint32_t first, uint32_t columns) {
        const WarpSums sums = multiplyRows<Units, X, W>(
            operands.x(), tile.slots,
            [&](uint32_t row) { return operands.rowOfSlot(tile.slot + row); },
            operands.w(tile.expert, part), first, columns);
        float *to = operands.y(tile.slot, part) + first;
        forRuns(sums, tile.slots, columns,
                [&](uint32_t row, uint32_t column, const float(&values)[kRun],
                    uint32_t count) {
                  storeRun(rowOf(to, row, operands.stride()) + column, values,
                           count);
                });
      });
}

/// w8a8 where the tensor cores multiply codes: they keep 13 bits of a sum,
/// which therefore never holds more than the 128 products of a scale block.
DS_DEVICE void groupedLinearInF8Units(const GroupedLinearShape &shape,
                                      const DeviceCall &call) {
  groupedLinear<f8e4m3fn, f8e4m3fn, F8Units>(shape, call);
}

template <class X, class W>
DS_DEVICE void groupedLinearSkinny(const GroupedLinearShape &shape,
                                   const DeviceCall &call) {
  const GroupedLinearOperands<X, W> operands{shape, call};
  forGroupedTiles<kSkinnyRows, kSkinnyColumns>(
      operands, sharedMemory() + skinnyShared(shape),
      [&](auto tile, uint32_t part, uint32_t first, uint32_t columns) {
        float *to = operands.y(tile.slot, part) + first;
        multiplySkinny<X, W>(
            operands.x(), tile.slots,
            [&](uint32_t row) { return operands.rowOfSlot(tile.slot + row); },
            operands.w(tile.expert, part), first, columns,
            [&](uint32_t row, uint32_t column, float value) {
              rowOf(to, row, operands.stride())[column] = value;
            });
      });
}

} // namespace ds::kernels::cuda
