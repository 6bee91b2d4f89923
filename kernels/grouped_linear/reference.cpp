// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One sum in double per element of y, in the order of the columns, rounded
// once.
#include "kernels/base/Row.h"
#include "kernels/grouped_linear/grouped_linear.h"

namespace ds::kernels {
namespace {

template <class W>
[[clang::always_inline]] inline void
groupedLinear(const GroupedLinearShape &shape, const Call &call,
              uint32_t tileBegin, uint32_t tileEnd) {
  const float *x = operand<const float>(call, 0);
  const uint32_t *offsets = operand<const uint32_t>(call, 1);
  const uint32_t *tokenOf = operand<const uint32_t>(call, 2);
  float *y = operand<float>(call, 3);
  const void *const *list = operand<const void *const>(call, 4);
  const uint32_t tiles = ceilDiv(shape.out, kDecodedRows);
  for (uint32_t e = 0; e < shape.experts; ++e)
    for (uint32_t part = 0; part < shape.parts; ++part) {
      const uint32_t place = e * shape.parts + part;
      auto w = Matrix<W>::at(list + place * kMatrixOperands<W>, shape.in);
      for (uint32_t o = 0; o < shape.out; ++o) {
        const uint32_t ours = part * tiles + o / kDecodedRows;
        if (ours < tileBegin || ours >= tileEnd)
          continue;
        for (uint32_t i = offsets[e]; i < offsets[e + 1]; ++i) {
          const uint32_t r = shape.gather ? tokenOf[i] : i;
          double sum = 0;
          for (uint32_t j = 0; j < shape.in; ++j)
            sum += w.value(o, j) * rowOf(x, r, shape.in)[j];
          rowOf(y, i, shape.parts * shape.out)[part * shape.out + o] =
              float(sum);
        }
      }
    }
}

} // namespace

DS_DEFINE_KERNEL(grouped_linear_f32_bf16_generic, GroupedLinearShape,
                 groupedLinearTiles, groupedLinear<bf16>)
DS_DEFINE_KERNEL(grouped_linear_f32_f8e4m3fn_bs128_generic, GroupedLinearShape,
                 groupedLinearTiles, groupedLinear<f8e4m3fn>)

} // namespace ds::kernels
