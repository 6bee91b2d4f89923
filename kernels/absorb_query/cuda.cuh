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

template <class W>
DS_DEVICE void absorbQuery(const AbsorbQueryShape &shape,
                           const DeviceCall &call) {
  auto *q = operand<const float>(call, 0);
  auto *y = operand<bf16>(call, 1);
  const auto w = Matrix<W>::at(call.operands + 2, shape.latent);
  const uint32_t tokens = call.batch->tokens;
  const uint32_t rowTiles = ceilDiv(tokens, kTileRows);
  const uint32_t headTiles = ceilDiv(shape.latent, kTileColumns);
  forTiles(absorbQueryTileCount(shape), call, [&](uint32_t tile) {
    const uint32_t rowBegin = tile % rowTiles * kTileRows;
    const uint32_t head = tile / rowTiles / headTiles;
    const uint32_t column = tile / rowTiles % headTiles * kTileColumns;
    const uint32_t rows = smaller(tokens - rowBegin, kTileRows);
    const uint32_t queryStride = shape.heads * shape.headStride;
    const WarpSums sums = multiplyColumns<W>(
        rowOf(q, rowBegin, queryStride) + head * shape.headStride, queryStride,
        rows, w, head * shape.weightRows, shape.nope, column);
    const uint32_t stride = shape.heads * shape.latent;
    bf16 *to = rowOf(y, rowBegin, stride) + head * shape.latent + column;
    forRuns(sums, rows, smaller(shape.latent - column, kTileColumns),
            [&](uint32_t row, uint32_t at, const float(&values)[kRun],
                uint32_t count) {
              storeRun(rowOf(to, row, stride) + at, values, count);
            });
  });
}

} // namespace ds::kernels::cuda
