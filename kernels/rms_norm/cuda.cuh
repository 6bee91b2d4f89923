// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A tile is one token.
#pragma once
#include "kernels/base/Normalize.cuh"
#include "kernels/rms_norm/cuda.h"

namespace ds::kernels::cuda {

template <class A>
DS_DEVICE void rmsNorm(const RMSNormShape &shape, const DeviceCall &call) {
  auto *x = operand<const float>(call, 0) + shape.inOffset;
  auto *y = operand<A>(call, 1);
  auto *gain = operand<const bf16>(call, 2);
  const uint32_t n = shape.n;
  const bool inWhole = areWhole(n, shape.inStride, shape.inOffset);
  forTiles(tokenTiles(shape), call, [&](uint32_t t) {
    auto load = [&](uint32_t quad) {
      const uint32_t at = quad * kQuadColumns;
      return loadQuad(rowOf(x, t, shape.inStride) + at, n - at, inWhole);
    };
    normalize<kNormThreads>(n, shape.eps, gain, load, KeepNothing(),
                            storeTo(rowOf(y, t, n), n, areWhole(n)));
  });
}

} // namespace ds::kernels::cuda
