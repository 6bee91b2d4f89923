// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Per head a linear of its latent columns (linear/cuda.cuh, its order and
// error), y rounded to bf16.
#pragma once
#include "kernels/absorb_value/cuda.h"
#include "kernels/base/Launch.cuh"
#include "kernels/base/ScaleBlocks.cuh"

namespace ds::kernels::cuda {

template <class W>
DS_DEVICE void absorbValue(const AbsorbValueShape &shape,
                           const DeviceCall &call) {
  auto *o = operand<const bf16>(call, 0);
  auto *y = operand<bf16>(call, 1);
  const auto w = Matrix<W>::at(call.operands + 2, shape.latent);
  const uint32_t tokens = call.batch->tokens;
  const uint32_t rowTiles = ceilDiv(tokens, kTileRows);
  const uint32_t headTiles = ceilDiv(shape.value, kTileColumns);
  forTiles(absorbValueTileCount(shape), call, [&](uint32_t tile) {
    const uint32_t rowBegin = tile % rowTiles * kTileRows;
    const uint32_t head = tile / rowTiles / headTiles;
    const uint32_t first = tile / rowTiles % headTiles * kTileColumns;
    const uint32_t rows = smaller(tokens - rowBegin, kTileRows);
    const uint32_t columns = smaller(shape.value - first, kTileColumns);
    const Vectors<bf16> x{o + size_t(head) * shape.latent, nullptr,
                          shape.latent, shape.heads * shape.latent,
                          shape.latent};
    const WarpSums sums = multiplyRows<BF16Units, bf16, W>(
        x.from(rowBegin), rows, InOrder(), w,
        head * shape.weightRows + shape.rowOffset + first, columns);
    const uint32_t stride = shape.heads * shape.value;
    bf16 *to = rowOf(y, rowBegin, stride) + head * shape.value + first;
    forRuns(sums, rows, columns,
            [&](uint32_t row, uint32_t column, const float(&values)[kRun],
                uint32_t count) {
              storeRun(rowOf(to, row, stride) + column, values, count);
            });
  });
}

} // namespace ds::kernels::cuda
