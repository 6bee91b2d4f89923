// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernels/base/ReferenceDot.h"
#include "kernels/base/Row.h"
#include "kernels/grouped_linear/grouped_linear.h"

namespace ds::kernels {
namespace {

template <class A, class W>
[[clang::always_inline]] inline void
groupedLinear(const GroupedLinearShape &shape, const Call &call,
              uint32_t tileBegin, uint32_t tileEnd) {
  const uint32_t first = kActivationOperands<A>;
  auto x = Vectors<A>::at(call.operands, shape.in);
  const uint32_t *offsets = operand<const uint32_t>(call, first);
  const uint32_t *tokenOf = operand<const uint32_t>(call, first + 1);
  float *y = operand<float>(call, first + 2);
  const void *const *list = operand<const void *const>(call, first + 3);
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
          rowOf(y, i, shape.parts * shape.out)[part * shape.out + o] =
              x.dot(r, w, o);
        }
      }
    }
}

} // namespace

DS_DEFINE_KERNEL(grouped_linear_f32_bf16_generic, GroupedLinearShape,
                 groupedLinearTiles, groupedLinear<float, bf16>)
DS_DEFINE_KERNEL(grouped_linear_f32_f8e4m3fn_bs128_generic, GroupedLinearShape,
                 groupedLinearTiles, groupedLinear<float, f8e4m3fn>)
DS_DEFINE_KERNEL(grouped_linear_f8e4m3fn_f8e4m3fn_bs128_generic,
                 GroupedLinearShape, groupedLinearTiles,
                 groupedLinear<f8e4m3fn, f8e4m3fn>)

} // namespace ds::kernels
