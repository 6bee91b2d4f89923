// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Per head the product of the query's rows with columns of w, through the
// tensor cores (base/ColumnProduct.cuh). q is rounded to bf16 first: 2^-8 of
// every product at most, which is what rounding y costs once more; otherwise as
// linear/cuda.cuh. An f8e4m3fn factor multiplies the sum of its row of blocks,
// not q.
#pragma once
#include "kernels/absorb_query/cuda.h"
#include "kernels/base/ColumnProduct.cuh"
#include "kernels/base/Launch.cuh"

namespace ds::kernels::cuda {

/// Which tokens, head and latent columns a tile has.
struct AbsorbQueryTile {
  uint32_t row, rows, head, column, columns;

  DS_DEVICE AbsorbQueryTile(const AbsorbQueryShape &shape, uint32_t tokens,
                            uint32_t tile) {
    const uint32_t rowTiles = ceilDiv(tokens, kTileRows);
    const uint32_t headTiles = ceilDiv(shape.latent, kTileColumns);
    row = tile % rowTiles * kTileRows;
    rows = smaller(tokens - row, kTileRows);
    head = tile / rowTiles / headTiles;
    column = tile / rowTiles % headTiles * kTileColumns;
    columns = smaller(shape.latent - column, kTileColumns);
  }
};

/// Computes a tile of y.
template <class W>
DS_DEVICE void absorbQueryTile(const AbsorbQueryShape &shape,
                               const AbsorbQueryTile &tile, const float *q,
                               const Matrix<W> &w, bf16 *y) {
  const uint32_t queryStride = shape.heads * shape.headStride;
  const WarpSums sums = multiplyColumns<W>(
      rowOf(q, tile.row, queryStride) + tile.head * shape.headStride,
      queryStride, tile.rows, w, tile.head * shape.weightRows, shape.nope,
      tile.column);
  const uint32_t stride = shape.heads * shape.latent;
  bf16 *to =
      rowOf(y, tile.row, stride) + tile.head * shape.latent + tile.column;
  forRuns(sums, tile.rows, tile.columns,
          [&](uint32_t row, uint32_t column, const float(&values)[kRun],
              uint32_t count) {
            storeRun(rowOf(to, row, stride) + column, values, count);
          });
}

template <class W>
DS_DEVICE void absorbQuery(const AbsorbQueryShape &shape,
                           const DeviceCall &call) {
  const auto w = Matrix<W>::at(call.operands + 2, shape.latent);
  forTiles(absorbQueryTileCount(shape), call, [&](uint32_t index) {
    absorbQueryTile(shape, AbsorbQueryTile(shape, call.batch->tokens, index),
                    operand<const float>(call, 0), w, operand<bf16>(call, 1));
  });
}

} // namespace ds::kernels::cuda
