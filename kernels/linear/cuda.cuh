// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Tiles of 64 rows of x times 128 rows of one part's w, through the tensor
// cores (base/TileProduct.cuh). Tiles of the same columns are neighbours, so
// that blocks which run together read w once.
// Error of a sum of n = in products, relative to the sum of their magnitudes:
// products of bf16 or of codes are exact; an mma cuts each term, and the
// result, at 2^-24 of the largest; see dotError in
// test/kernels/matrix/TestMatrix.h.
#pragma once
#include "kernels/base/Launch.cuh"
#include "kernels/base/ScaleBlocks.cuh"
#include "kernels/linear/cuda.h"

namespace ds::kernels::cuda {

/// X: bf16, or codes with scales as one more operand; W: the weights.
template <class X, class W, class Units = BF16Units>
DS_DEVICE void linear(const LinearShape &shape, const DeviceCall &call) {
  constexpr uint32_t kOutput = kMatrixOperands<X>;
  const Vectors<X> x{operand<const X>(call, 0), operand<const float>(call, 1),
                     shape.in, shape.in, shape.in};
  float *y = operand<float>(call, kOutput);
  const uint32_t rows = linearRows(shape, *call.batch);
  const uint32_t rowTiles = ceilDiv(rows, kTileRows);
  forTiles(linearTileCount(shape), call, [&](uint32_t tile) {
    const uint32_t rowBegin = tile % rowTiles * kTileRows;
    uint32_t place = tile / rowTiles, part = 0, partColumn = 0;
    for (; part + 1 < shape.parts; ++part) {
      const uint32_t tiles = ceilDiv(linearOut(shape, part), kTileColumns);
      if (place < tiles)
        break;
      place -= tiles;
      partColumn += linearOut(shape, part);
    }
    const uint32_t first = place * kTileColumns;
    const uint32_t tileRows = smaller(rows - rowBegin, kTileRows);
    const uint32_t columns =
        smaller(linearOut(shape, part) - first, kTileColumns);
    const WarpSums sums = multiplyRows<Units, X, W>(
        x.from(rowBegin), tileRows, InOrder(),
        Matrix<W>::at(call.operands + kOutput + 1 + part * kMatrixOperands<W>,
                      shape.in),
        first, columns);
    float *to = rowOf(y, rowBegin, linearColumns(shape)) + partColumn + first;
    forRuns(sums, tileRows, columns,
            [&](uint32_t row, uint32_t column, const float(&values)[kRun],
                uint32_t count) {
              storeRun(rowOf(to, row, linearColumns(shape)) + column, values,
                       count);
            });
  });
}

/// w8a8 where the tensor cores multiply codes: they keep 13 bits of a sum,
/// which therefore never holds more than the 128 products of a scale block.
DS_DEVICE void linearInF8Units(const LinearShape &shape,
                               const DeviceCall &call) {
  linear<f8e4m3fn, f8e4m3fn, F8Units>(shape, call);
}

} // namespace ds::kernels::cuda
