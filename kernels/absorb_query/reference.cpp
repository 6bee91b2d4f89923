// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One sum in double per element of y, d rising, rounded once.
#include "kernels/absorb_query/absorb_query.h"
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
      float *to = rowOf(y, t, shape.heads * shape.latent) + h * shape.latent;
      for (uint32_t c = 0; c < shape.latent; ++c) {
        double sum = 0;
        for (uint32_t d = 0; d < shape.nope; ++d)
          sum += w.value(h * shape.weightRows + d, c) * query[d];
        to[c] = float(sum);
      }
    }
}

} // namespace

DS_DEFINE_KERNEL(absorb_query_f32_bf16_generic, AbsorbQueryShape, headTiles,
                 absorbQuery<bf16>)
DS_DEFINE_KERNEL(absorb_query_f32_f8e4m3fn_bs128_generic, AbsorbQueryShape,
                 headTiles, absorbQuery<f8e4m3fn>)

} // namespace ds::kernels
