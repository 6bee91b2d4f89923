// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernels/gated_linear/reference.h"
#include "kernels/base/Row.h"
#include "kernels/grouped_gated_linear/grouped_gated_linear.h"

namespace ds::kernels {
namespace {

template <class A, class W>
[[clang::always_inline]] inline void
groupedGatedLinear(const GroupedGatedLinearShape &shape, const Call &call,
                   uint32_t tileBegin, uint32_t tileEnd) {
  const uint32_t many = kActivationOperands<A>;
  auto x = Vectors<A>::at(call.operands, shape.in);
  const uint32_t *offsets = operand<const uint32_t>(call, many);
  const uint32_t *tokenOf = operand<const uint32_t>(call, many + 1);
  void *const *y = call.operands + many + 2;
  const void *const *list = operand<const void *const>(call, 2 * many + 2);
  for (uint32_t e = 0; e < shape.experts; ++e) {
    auto gate = Matrix<W>::at(list + 2 * e * kMatrixOperands<W>, shape.in);
    auto up = Matrix<W>::at(list + (2 * e + 1) * kMatrixOperands<W>, shape.in);
    for (uint32_t tile = tileBegin; tile < tileEnd; ++tile) {
      const uint32_t begin = tile * kGatedRows;
      const uint32_t rest = shape.out - begin;
      const uint32_t end = begin + (rest < kGatedRows ? rest : kGatedRows);
      for (uint32_t i = offsets[e]; i < offsets[e + 1]; ++i)
        gatedTile(x, tokenOf[i], gate, up, begin, end,
                  static_cast<float *>(call.workspace), y, i, shape.out,
                  shape.scaleFormat);
    }
  }
}

} // namespace

DS_DEFINE_KERNEL(grouped_gated_linear_f32_bf16_generic, GroupedGatedLinearShape,
                 groupedGatedLinearTiles, groupedGatedLinear<float, bf16>)
DS_DEFINE_KERNEL(grouped_gated_linear_f32_f8e4m3fn_bs128_generic,
                 GroupedGatedLinearShape, groupedGatedLinearTiles,
                 groupedGatedLinear<float, f8e4m3fn>)
DS_DEFINE_KERNEL(grouped_gated_linear_f8e4m3fn_f8e4m3fn_bs128_generic,
                 GroupedGatedLinearShape, groupedGatedLinearTiles,
                 groupedGatedLinear<f8e4m3fn, f8e4m3fn>)

} // namespace ds::kernels
