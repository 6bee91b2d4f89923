// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernels/base/ReferenceDot.h"
#include "kernels/base/Row.h"
#include "kernels/linear/linear.h"

namespace ds::kernels {
namespace {

template <class A, class W>
[[clang::always_inline]] inline void
linear(const LinearShape &shape, const Call &call, uint32_t tileBegin,
       uint32_t tileEnd) {
  const uint32_t first = kActivationOperands<A>;
  auto x = Vectors<A>::at(call.operands, shape.in);
  float *y = operand<float>(call, first);
  const uint32_t rows = linearRows(shape, *call.batch);
  uint32_t tile = 0, column = 0;
  for (uint32_t part = 0; part < shape.parts; ++part) {
    auto w = Matrix<W>::at(
        call.operands + first + 1 + part * kMatrixOperands<W>, shape.in);
    const uint32_t out = linearOut(shape, part);
    for (uint32_t o = 0; o < out; ++o) {
      const uint32_t ours = tile + o / kDecodedRows;
      if (ours < tileBegin || ours >= tileEnd)
        continue;
      for (uint32_t t = 0; t < rows; ++t)
        rowOf(y, t, linearColumns(shape))[column + o] = x.dot(t, w, o);
    }
    tile += ceilDiv(out, kDecodedRows);
    column += out;
  }
}

} // namespace

DS_DEFINE_KERNEL(linear_f32_bf16_generic, LinearShape, linearTiles,
                 linear<float, bf16>)
DS_DEFINE_KERNEL(linear_f32_f8e4m3fn_bs128_generic, LinearShape, linearTiles,
                 linear<float, f8e4m3fn>)
DS_DEFINE_KERNEL(linear_f8e4m3fn_f8e4m3fn_bs128_generic, LinearShape,
                 linearTiles, linear<f8e4m3fn, f8e4m3fn>)

} // namespace ds::kernels
