// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernels/gated_linear/reference.h"
#include "kernels/base/Row.h"

namespace ds::kernels {
namespace {

template <class A, class W>
[[clang::always_inline]] inline void
gatedLinear(const GatedLinearShape &shape, const Call &call, uint32_t tileBegin,
            uint32_t tileEnd) {
  const uint32_t many = kActivationOperands<A>;
  auto x = Vectors<A>::at(call.operands, shape.in);
  void *const *weights = call.operands + 2 * many;
  auto gate = Matrix<W>::at(weights, shape.in);
  auto up = Matrix<W>::at(weights + kMatrixOperands<W>, shape.in);
  for (uint32_t tile = tileBegin; tile < tileEnd; ++tile) {
    const uint32_t begin = tile * kGatedRows;
    const uint32_t rest = shape.out - begin;
    const uint32_t end = begin + (rest < kGatedRows ? rest : kGatedRows);
    for (uint32_t t = 0; t < call.batch->tokens; ++t)
      gatedTile(x, t, gate, up, begin, end,
                static_cast<float *>(call.workspace), call.operands + many, t,
                shape.out, shape.scaleFormat);
  }
}

} // namespace

DS_DEFINE_KERNEL(gated_linear_f32_bf16_generic, GatedLinearShape,
                 gatedLinearTiles, gatedLinear<float, bf16>)
DS_DEFINE_KERNEL(gated_linear_f32_f8e4m3fn_bs128_generic, GatedLinearShape,
                 gatedLinearTiles, gatedLinear<float, f8e4m3fn>)
DS_DEFINE_KERNEL(gated_linear_f8e4m3fn_f8e4m3fn_bs128_generic, GatedLinearShape,
                 gatedLinearTiles, gatedLinear<f8e4m3fn, f8e4m3fn>)

} // namespace ds::kernels
