// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One sum in double per element of y, in the order of the columns, rounded
// once.
#include "kernels/base/Row.h"
#include "kernels/linear/linear.h"

namespace ds::kernels {
namespace {

template <class W>
[[clang::always_inline]] inline void
linear(const LinearShape &shape, const Call &call, uint32_t tileBegin,
       uint32_t tileEnd) {
  const float *x = operand<const float>(call, 0);
  float *y = operand<float>(call, 1);
  const uint32_t rows = linearRows(shape, *call.batch);
  uint32_t tile = 0, column = 0;
  for (uint32_t part = 0; part < shape.parts; ++part) {
    auto w =
        Matrix<W>::at(call.operands + 2 + part * kMatrixOperands<W>, shape.in);
    const uint32_t out = linearOut(shape, part);
    for (uint32_t o = 0; o < out; ++o) {
      const uint32_t ours = tile + o / kDecodedRows;
      if (ours < tileBegin || ours >= tileEnd)
        continue;
      for (uint32_t t = 0; t < rows; ++t) {
        double sum = 0;
        for (uint32_t i = 0; i < shape.in; ++i)
          sum += w.value(o, i) * rowOf(x, t, shape.in)[i];
        rowOf(y, t, linearColumns(shape))[column + o] = float(sum);
      }
    }
    tile += ceilDiv(out, kDecodedRows);
    column += out;
  }
}

} // namespace

DS_DEFINE_KERNEL(linear_f32_bf16_generic, LinearShape, linearTiles,
                 linear<bf16>)
DS_DEFINE_KERNEL(linear_f32_f8e4m3fn_bs128_generic, LinearShape, linearTiles,
                 linear<f8e4m3fn>)

} // namespace ds::kernels
