// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A tile is one group of 128 columns of u: of one head, or of several, which
// are multiplied one after the other as absorb_value does. u, rounded to bf16,
// waits in shared memory until the group is whole; then a warp quantises a row.
#pragma once
#include "kernels/absorb_value_quantize/cuda.h"
#include "kernels/base/Launch.cuh"
#include "kernels/base/Quantize.cuh"
#include "kernels/base/ScaleBlocks.cuh"

namespace ds::kernels::cuda {

/// The part of u that one head adds to a group, into `group` [kTileRows,
/// kScaleGroup]: columns [begin, end) of u for `rows` tokens from `row` on.
template <class W>
DS_DEVICE void absorbValuePart(const AbsorbValueQuantizeShape &shape,
                               const bf16 *o, const Matrix<W> &w, uint32_t row,
                               uint32_t rows, uint32_t begin, uint32_t end,
                               bf16 *group) {
  const uint32_t head = begin / shape.value;
  const Vectors<bf16> x{o + size_t(head) * shape.latent, nullptr, shape.latent,
                        shape.heads * shape.latent, shape.latent};
  const WarpSums sums = multiplyRows<BF16Units, bf16, W>(
      x.from(row), rows, InOrder(), w,
      head * shape.weightRows + shape.rowOffset + begin % shape.value,
      end - begin);
  forRuns(sums, rows, end - begin,
          [&](uint32_t r, uint32_t column, const float(&values)[kRun],
              uint32_t count) {
            storeRun(rowOf(group, r, kScaleGroup) + begin % kScaleGroup +
                         column,
                     values, count);
          });
}

template <class W>
DS_DEVICE void absorbValueQuantize(const AbsorbValueQuantizeShape &shape,
                                   const DeviceCall &call) {
  const auto w = Matrix<W>::at(call.operands + 3, shape.latent);
  const uint32_t tokens = call.batch->tokens, n = absorbValueColumns(shape);
  const uint32_t rowTiles = ceilDiv(tokens, kTileRows);
  auto *group = reinterpret_cast<bf16 *>(sharedMemory() +
                                         TileSizes<bf16, W>::kSharedBytes);
  forTiles(absorbValueQuantizeTileCount(shape), call, [&](uint32_t tile) {
    const uint32_t row = tile % rowTiles * kTileRows;
    const uint32_t rows = smaller(tokens - row, kTileRows);
    const uint32_t first = tile / rowTiles * kScaleGroup;
    const uint32_t last = smaller(n, first + kScaleGroup);
#pragma unroll 1
    for (uint32_t begin = first; begin < last;) {
      const uint32_t end =
          smaller(last, (begin / shape.value + 1) * shape.value);
      absorbValuePart(shape, operand<const bf16>(call, 0), w, row, rows, begin,
                      end, group);
      syncBlock(); // before shared memory is filled again, and read
      begin = end;
    }
    for (uint32_t r = warpIndex(); r < rows; r += kTileWarps) {
      const uint32_t at = laneIndex() * kQuadColumns;
      const uint32_t count = last - first > at ? last - first - at : 0;
      Quad u = unpack(
          loadPacked(rowOf(group, r, kScaleGroup) + at, kQuadColumns, true));
#pragma unroll
      for (uint32_t i = 0; i < kQuadColumns; ++i)
        u.lane[i] = i < count ? u.lane[i] : 0;
      quantizeGroup(u, first + at, n, shape.scaleFormat,
                    rowOf(operand<f8e4m3fn>(call, 1), row + r, n),
                    rowOf(operand<float>(call, 2), row + r, scaleGroups(n)));
    }
  });
}

} // namespace ds::kernels::cuda
