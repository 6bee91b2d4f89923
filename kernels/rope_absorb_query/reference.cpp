// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernels/absorb_query/reference.h"
#include "kernels/base/Heads.h"
#include "kernels/base/Rotate.h"
#include "kernels/base/Row.h"
#include "kernels/rope_absorb_query/rope_absorb_query.h"

namespace ds::kernels {
namespace {

template <class W>
[[clang::always_inline]] inline void
rotateAbsorb(const RopeAbsorbQueryShape &shape, const Call &call,
             uint32_t tileBegin, uint32_t tileEnd) {
  const float *q = operand<const float>(call, 0);
  const float *angles = operand<const float>(call, 1);
  auto w = Matrix<W>::at(call.operands + 4, shape.latent);
  for (uint32_t h = tileBegin; h < tileEnd; ++h)
    for (uint32_t t = 0; t < call.batch->tokens; ++t) {
      const float *query =
          rowOf(q, t, shape.heads * shape.headStride) + h * shape.headStride;
      absorbHead(absorbQueryOf(shape), w, h, query,
                 rowOf(operand<float>(call, 2), t, shape.heads * shape.latent) +
                     h * shape.latent);
      rotate(query + shape.nope, rowOf(angles, t, shape.rope), shape.rope,
             rowOf(operand<float>(call, 3), t, shape.heads * shape.rope) +
                 h * shape.rope);
    }
}

} // namespace

DS_DEFINE_KERNEL(rope_absorb_query_f32_bf16_generic, RopeAbsorbQueryShape,
                 headTiles, rotateAbsorb<bf16>)
DS_DEFINE_KERNEL(rope_absorb_query_f32_f8e4m3fn_bs128_generic,
                 RopeAbsorbQueryShape, headTiles, rotateAbsorb<f8e4m3fn>)

} // namespace ds::kernels
