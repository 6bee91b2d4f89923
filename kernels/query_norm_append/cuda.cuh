// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// An even tile is a token's query, the next one its latent.
#pragma once
#include "kernels/base/Normalize.cuh"
#include "kernels/base/Quantize.cuh"
#include "kernels/latent_append/append.cuh"
#include "kernels/query_norm_append/cuda.h"

namespace ds::kernels::cuda {

template <class A>
DS_DEVICE void normalizeQuery(const QueryNormAppendShape &shape,
                              const DeviceCall &call, uint32_t t) {
  auto *query = rowOf(operand<const float>(call, 0), t, shape.inStride) +
                shape.queryOffset;
  auto *gain = operand<const bf16>(call, 4 + shape.codes);
  const uint32_t n = shape.n;
  auto load = [&](uint32_t quad) {
    const uint32_t at = quad * kQuadColumns;
    return loadQuad(query + at, n - at,
                    areWhole(n, shape.inStride, shape.queryOffset));
  };
  auto write = [&](uint32_t quad, const Quad &u) {
    if (shape.codes)
      quantizeGroup(u, quad * kQuadColumns, n, shape.scaleFormat,
                    rowOf(operand<f8e4m3fn>(call, 3), t, n),
                    rowOf(operand<float>(call, 4), t, scaleGroups(n)));
    else
      storeTo(rowOf(operand<A>(call, 3), t, n), n, areWhole(n))(quad, u);
  };
  normalize<kQueryThreads>(n, shape.queryEps, gain, load, KeepNothing(), write);
}

template <class A>
DS_DEVICE void queryNormAppend(const QueryNormAppendShape &shape,
                               const DeviceCall &call) {
  auto *x = operand<const float>(call, 0);
  auto *angles = operand<const float>(call, 1);
  auto *state = operand<A>(call, 2);
  auto *gain = operand<const bf16>(call, 5 + shape.codes);
  const LatentAppendShape append = latentAppendOf(shape);
  forTiles(queryNormAppendTiles(shape), call, [&](uint32_t tile) {
    const uint32_t t = tile / 2;
    if (tile % 2 == 0)
      normalizeQuery<A>(shape, call, t);
    else
      appendLatent<kQueryThreads>(append, *call.batch, t,
                                  rowOf(x, t, shape.inStride) +
                                      shape.latentOffset,
                                  rowOf(angles, t, shape.rope), state, gain);
  });
}

} // namespace ds::kernels::cuda
