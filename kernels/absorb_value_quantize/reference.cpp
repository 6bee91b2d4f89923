// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernels/absorb_value/reference.h"
#include "kernels/absorb_value_quantize/absorb_value_quantize.h"
#include "kernels/base/Row.h"

namespace ds::kernels {
namespace {

[[clang::always_inline]] inline uint32_t
groupTiles(const AbsorbValueQuantizeShape &shape, const Batch &) {
  return scaleGroups(absorbValueColumns(shape));
}

template <class W>
[[clang::always_inline]] inline void
absorbQuantize(const AbsorbValueQuantizeShape &shape, const Call &call,
               uint32_t tileBegin, uint32_t tileEnd) {
  const float *o = operand<const float>(call, 0);
  auto w = Matrix<W>::at(call.operands + 3, shape.latent);
  auto *u = static_cast<float *>(call.workspace);
  const uint32_t columns = absorbValueColumns(shape);
  for (uint32_t group = tileBegin; group < tileEnd; ++group)
    for (uint32_t t = 0; t < call.batch->tokens; ++t) {
      const uint32_t begin = group * kScaleGroup;
      const uint32_t rest = columns - begin;
      const uint32_t n = rest < kScaleGroup ? rest : kScaleGroup;
      const float *from = rowOf(o, t, shape.heads * shape.latent);
      for (uint32_t i = 0; i < n; ++i) {
        const uint32_t head = (begin + i) / shape.value;
        u[i] = absorbedValue(absorbValueOf(shape), w, head,
                             (begin + i) % shape.value,
                             from + size_t(head) * shape.latent);
      }
      quantizeRow(
          [&](uint32_t i) __attribute__((always_inline)) { return u[i]; }, n,
          shape.scaleFormat,
          rowOf(operand<f8e4m3fn>(call, 1), t, columns) + begin,
          rowOf(operand<float>(call, 2), t, scaleGroups(columns)) + group);
    }
}

} // namespace

DS_DEFINE_KERNEL(absorb_value_quantize_f32_bf16_generic,
                 AbsorbValueQuantizeShape, groupTiles, absorbQuantize<bf16>)
DS_DEFINE_KERNEL(absorb_value_quantize_f32_f8e4m3fn_bs128_generic,
                 AbsorbValueQuantizeShape, groupTiles, absorbQuantize<f8e4m3fn>)

} // namespace ds::kernels
