// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A tile is one token.
#pragma once
#include "kernels/add_rms_norm/cuda.h"
#include "kernels/base/Normalize.cuh"

namespace ds::kernels::cuda {

template <class A>
DS_DEVICE void addRMSNorm(const AddRMSNormShape &shape,
                          const DeviceCall &call) {
  auto *residual = operand<const float>(call, 0);
  auto *delta = operand<const float>(call, 1);
  auto *residualOut = operand<float>(call, 2);
  auto *y = operand<A>(call, 3);
  auto *gain = operand<const bf16>(call, 4);
  const uint32_t n = shape.n;
  const bool whole = areWhole(n);
  forTiles(tokenTiles(shape), call, [&](uint32_t t) {
    auto load = [&](uint32_t quad) {
      const uint32_t at = quad * kQuadColumns, count = n - at;
      return add(loadQuad(rowOf(residual, t, n) + at, count, whole),
                 loadQuad(rowOf(delta, t, n) + at, count, whole));
    };
    normalize<kNormThreads>(n, shape.eps, gain, load,
                            storeTo(rowOf(residualOut, t, n), n, whole),
                            storeTo(rowOf(y, t, n), n, whole));
  });
}

} // namespace ds::kernels::cuda
