// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Tiles of some rows of x times some rows of one part's w, through the tensor
// cores: 64 x 128 (base/TileProduct.cuh), or 8 x 16 for a few rows
// (base/SkinnyProduct.cuh). Tiles of the same columns are neighbours, so that
// blocks which run together read w once.
// Error of a sum, relative to the sum of its magnitudes: products of bf16 or of
// codes are exact; an mma cuts each term, and the result, at 2^-24 of the
// largest; see dotError in test/kernels/matrix/TestMatrix.h.
#pragma once
#include "kernels/base/Launch.cuh"
#include "kernels/base/SkinnyProduct.cuh"
#include "kernels/linear/cuda.h"
#include "kernels/linear/sm90a.cuh"

namespace ds::kernels::cuda {

/// Operands of X and W: X is bf16, or codes with scales as one more operand.
template <class X, class W>
struct LinearOperands {
  const LinearShape &shape;
  const DeviceCall &call;
  static constexpr uint32_t kOutput = kActivationOperands<X>;

  DS_DEVICE Vectors<X> x() const {
    return {operand<const X>(call, 0), operand<const float>(call, 1), shape.in,
            shape.in, shape.in};
  }
  DS_DEVICE Matrix<W> w(uint32_t part) const {
    return Matrix<W>::at(
        call.operands + kOutput + 1 + part * kMatrixOperands<W>, shape.in);
  }
  /// Row `row` of y, from the first column of a part on.
  DS_DEVICE float *y(uint32_t row, uint32_t part) const {
    uint32_t column = 0;
    for (uint32_t before = 0; before < part; ++before)
      column += linearOut(shape, before);
    return rowOf(operand<float>(call, kOutput), row, linearColumns(shape)) +
           column;
  }
};

/// Which rows of x and of w a tile takes.
struct LinearTile {
  uint32_t row, rows;
  uint32_t part, first, columns; // rows of the part's w

  /// Tile `tile` where tiles have at most tileRows x tileColumns.
  DS_DEVICE LinearTile(const LinearShape &shape, const Batch &batch,
                       uint32_t tile, uint32_t tileRows, uint32_t tileColumns) {
    const uint32_t all = linearRows(shape, batch);
    const uint32_t rowTiles = ceilDiv(all, tileRows);
    uint32_t place = tile / rowTiles;
    for (part = 0; part + 1 < shape.parts; ++part) {
      const uint32_t tiles = ceilDiv(linearOut(shape, part), tileColumns);
      if (place < tiles)
        break;
      place -= tiles;
    }
    row = tile % rowTiles * tileRows;
    rows = smaller(all - row, tileRows);
    first = place * tileColumns;
    columns = smaller(linearOut(shape, part) - first, tileColumns);
  }
};

template <class X, class W, class Units = BF16Units>
DS_DEVICE void linear(const LinearShape &shape, const DeviceCall &call) {
  const LinearOperands<X, W> operands{shape, call};
  forTiles(linearTileCount(shape), call, [&](uint32_t index) {
    const LinearTile tile(shape, *call.batch, index, kTileRows, kTileColumns);
    const WarpSums sums = multiplyRows<Units, X, W>(
        operands.x().from(tile.row), tile.rows, InOrder(),
        operands.w(tile.part), tile.first, tile.columns);
    float *to = operands.y(tile.row, tile.part) + tile.first;
    forRuns(sums, tile.rows, tile.columns,
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

template <class X, class W>
DS_DEVICE void linearSkinny(const LinearShape &shape, const DeviceCall &call) {
  const LinearOperands<X, W> operands{shape, call};
  forTiles(linearSkinnyTileCount(shape), call, [&](uint32_t index) {
    const LinearTile tile(shape, *call.batch, index, kSkinnyRows,
                          kSkinnyColumns);
    float *to = operands.y(tile.row, tile.part) + tile.first;
    multiplySkinny<X, W>(operands.x().from(tile.row), tile.rows, InOrder(),
                         operands.w(tile.part), tile.first, tile.columns,
                         [&](uint32_t row, uint32_t column, float value) {
                           rowOf(to, row, linearColumns(shape))[column] = value;
                         });
  });
}

} // namespace ds::kernels::cuda
