// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernels/absorb_query/reference.h"
#include "kernels/base/Heads.h"
#include "kernels/base/Row.h"

namespace ds::kernels {
namespace {

template <class W>
[[clang::always_inline]] inline void
absorbQuery(const AbsorbQueryShape &shape, const Call &call, uint32_t tileBegin,
            uint32_t tileEnd) {
  const float *q = operand<const float>(call, 0);
  float *y = operand<float>(call, 1);
  auto w = Matrix<W>::at(call.operands + 2, shape.latent);
  for (uint32_t h = tileBegin; h < tileEnd; ++h)
    for (uint32_t t = 0; t < call.batch->tokens; ++t) {
      const float *query =
          rowOf(q, t, shape.heads * shape.headStride) + h * shape.headStride;
      absorbHead(shape, w, h, query,
                 rowOf(y, t, shape.heads * shape.latent) + h * shape.latent);
    }
}

} // namespace

DS_DEFINE_KERNEL(absorb_query_f32_bf16_generic, AbsorbQueryShape, headTiles,
                 absorbQuery<bf16>)
DS_DEFINE_KERNEL(absorb_query_f32_f8e4m3fn_bs128_generic, AbsorbQueryShape,
                 headTiles, absorbQuery<f8e4m3fn>)

} // namespace ds::kernels
