// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernels/base/Quantize.h"
#include "kernels/latent_append/body.h"
#include "kernels/query_norm_append/query_norm_append.h"

namespace ds::kernels {
namespace {

template <class A>
[[clang::always_inline]] inline void
normalizeAppend(const QueryNormAppendShape &shape, const Call &call,
                uint32_t tileBegin, uint32_t tileEnd) {
  const uint32_t gains = shape.codes ? 5 : 4; // behind x, angles, state, y
  auto *u = static_cast<float *>(call.workspace);
  for (uint32_t t = tileBegin; t < tileEnd; ++t) {
    auto *x = rowOf(operand<const float>(call, 0), t, shape.inStride);
    normalize<PlainOrder>(x + shape.queryOffset,
                          operand<const void>(call, gains), shape.n,
                          shape.queryEps, u);
    if (shape.codes)
      quantizeRow(
          [&](uint32_t i) __attribute__((always_inline)) { return u[i]; },
          shape.n, shape.scaleFormat,
          rowOf(operand<f8e4m3fn>(call, 3), t, shape.n),
          rowOf(operand<float>(call, 4), t, scaleGroups(shape.n)));
    else
      for (uint32_t i = 0; i < shape.n; ++i)
        store(rowOf(operand<A>(call, 3), t, shape.n) + i, u[i]);
    appendRow<PlainOrder>(latentAppendOf(shape), *call.batch, t,
                          x + shape.latentOffset, operand<const float>(call, 1),
                          operand<A>(call, 2),
                          operand<const void>(call, gains + 1));
  }
}

} // namespace

DS_DEFINE_KERNEL(query_norm_append_f32_generic, QueryNormAppendShape,
                 tokenTiles, normalizeAppend<float>)

} // namespace ds::kernels
