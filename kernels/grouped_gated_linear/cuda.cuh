// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// As gated_linear, expert by expert, over the tiles that exist
// (base/RaggedTiles.cuh). Tiles of the same weights are neighbours.
#pragma once
#include "kernels/base/GatedProduct.cuh"
#include "kernels/base/RaggedTiles.cuh"
#include "kernels/grouped_gated_linear/cuda.h"

namespace ds::kernels::cuda {

/// A: bf16, or codes, with scales as one more operand of x and of y.
template <class A, class W, class Units = BF16Units>
DS_DEVICE void groupedGatedLinear(const GroupedGatedLinearShape &shape,
                                  const DeviceCall &call) {
  constexpr uint32_t kOffsets = kActivationOperands<A>, kOutput = kOffsets + 2;
  const Vectors<A> x{operand<const A>(call, 0), operand<const float>(call, 1),
                     shape.in, shape.in, shape.in};
  const GatedOutput<A> y{operand<A>(call, kOutput),
                         operand<float>(call, kOutput + 1), shape.out,
                         shape.scaleFormat};
  auto *tokenOf = operand<const uint32_t>(call, kOffsets + 1);
  auto *list =
      operand<const void *const>(call, kOutput + kActivationOperands<A>);
  uint8_t *largest = sharedMemory() + GatedSizes<A, W>::kSharedBytes;
  const RaggedTiles<kGatedRowsOfX> ragged(
      operand<const uint32_t>(call, kOffsets), shape.experts,
      largest + kGatedLargest);
  const uint32_t rowTiles = ragged.count();
  const uint32_t tiles = rowTiles * ceilDiv(shape.out, kGatedColumns);
  for (uint32_t i = blockIndex(); i < tiles; i += gridBlocks()) {
    const auto tile = ragged.at(i % rowTiles);
    const uint32_t first = i / rowTiles * kGatedColumns;
    const uint32_t columns = smaller(shape.out - first, kGatedColumns);
    const void *const *weights = list + tile.expert * 2 * kMatrixOperands<W>;
    storeGated(multiplyGated<Units>(
                   x, tile.slots,
                   [=](uint32_t row) { return tokenOf[tile.slot + row]; },
                   Matrix<W>::at(weights, shape.in),
                   Matrix<W>::at(weights + kMatrixOperands<W>, shape.in), first,
                   columns),
               tile.slot, tile.slots, first, columns, y, largest);
    syncBlock(); // before shared memory is filled again
  }
}

/// w8a8 where the tensor cores multiply codes, as in linear/cuda.cuh.
DS_DEVICE void groupedGatedLinearInF8Units(const GroupedGatedLinearShape &shape,
                                           const DeviceCall &call) {
  groupedGatedLinear<f8e4m3fn, f8e4m3fn, F8Units>(shape, call);
}

} // namespace ds::kernels::cuda
