// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Rows of weights times bf16 vectors; RowDots.h states the order of the sums.
#include "kernels/base/Row.h"
#include "kernels/base/RowDots.h"
#include "kernels/linear/linear.h"

namespace ds::kernels {
namespace {

template <class W>
[[clang::always_inline]] inline void
linear(const LinearShape &shape, const Call &call, uint32_t tileBegin,
       uint32_t tileEnd) {
  const bf16 *x = operand<const bf16>(call, 0);
  float *y = operand<float>(call, 1);
  const uint32_t rows = linearRows(shape, *call.batch);
  const uint32_t columns = linearColumns(shape);
  uint32_t tile = 0, column = 0;
#pragma clang loop unroll(disable)
  for (uint32_t part = 0; part < shape.parts; ++part) {
    const uint32_t out = linearOut(shape, part);
    const uint32_t tiles = ceilDiv(out, kDecodedRows);
    const uint32_t begin = tileBegin > tile ? tileBegin - tile : 0;
    const uint32_t end = tileEnd < tile + tiles ? tileEnd : tile + tiles;
    if (tile + begin < end) {
      const uint32_t rowEnd = (end - tile) * kDecodedRows;
      multiplyRows(
          Matrix<W>::at(call.operands + 2 + part * kMatrixOperands<W>,
                        shape.in),
          begin * kDecodedRows, rowEnd < out ? rowEnd : out, rows,
          static_cast<bf16 *>(call.workspace),
          [&](uint32_t t)
              __attribute__((always_inline)) { return rowOf(x, t, shape.in); },
          [&](uint32_t t, uint32_t row, float value) __attribute__((
              always_inline)) { rowOf(y, t, columns)[column + row] = value; });
    }
    tile += tiles;
    column += out;
  }
}

} // namespace

DS_DEFINE_KERNEL(DS_ROW(linear_bf16_bf16), LinearShape, linearTiles,
                 linear<bf16>)
DS_DEFINE_KERNEL(DS_ROW(linear_bf16_f8e4m3fn_bs128), LinearShape, linearTiles,
                 linear<f8e4m3fn>)

} // namespace ds::kernels
