// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernels/absorb_value/reference.h"
#include "kernels/base/Heads.h"
#include "kernels/base/Row.h"

namespace ds::kernels {
namespace {

template <class W>
[[clang::always_inline]] inline void
absorbValue(const AbsorbValueShape &shape, const Call &call, uint32_t tileBegin,
            uint32_t tileEnd) {
  const float *o = operand<const float>(call, 0);
  float *y = operand<float>(call, 1);
  auto w = Matrix<W>::at(call.operands + 2, shape.latent);
  for (uint32_t h = tileBegin; h < tileEnd; ++h)
    for (uint32_t t = 0; t < call.batch->tokens; ++t) {
      const float *from =
          rowOf(o, t, shape.heads * shape.latent) + h * shape.latent;
      float *to = rowOf(y, t, shape.heads * shape.value) + h * shape.value;
      for (uint32_t v = 0; v < shape.value; ++v)
        to[v] = absorbedValue(shape, w, h, v, from);
    }
}

} // namespace

DS_DEFINE_KERNEL(absorb_value_f32_bf16_generic, AbsorbValueShape, headTiles,
                 absorbValue<bf16>)
DS_DEFINE_KERNEL(absorb_value_f32_f8e4m3fn_bs128_generic, AbsorbValueShape,
                 headTiles, absorbValue<f8e4m3fn>)

} // namespace ds::kernels
