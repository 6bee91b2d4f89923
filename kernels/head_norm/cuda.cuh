// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A tile is one row of the head.
#pragma once
#include "kernels/base/Normalize.cuh"
#include "kernels/head_norm/cuda.h"

namespace ds::kernels::cuda {

template <class A>
DS_DEVICE void headNorm(const HeadNormShape &shape, const DeviceCall &call) {
  auto *residual = operand<const float>(call, 0);
  auto *delta = operand<const float>(call, 1);
  auto *y = operand<A>(call, 2);
  auto *gain = operand<const bf16>(call, 3);
  const uint32_t n = shape.n;
  const bool whole = areWhole(n);
  forTiles(headRowTiles(shape), call, [&](uint32_t row) {
    const uint32_t t = call.batch->rowIndex[row];
    auto load = [&](uint32_t quad) {
      const uint32_t at = quad * kQuadColumns, count = n - at;
      return add(loadQuad(rowOf(residual, t, n) + at, count, whole),
                 loadQuad(rowOf(delta, t, n) + at, count, whole));
    };
    normalize<kNormThreads>(n, shape.eps, gain, load, KeepNothing(),
                            storeTo(rowOf(y, row, n), n, whole));
  });
}

} // namespace ds::kernels::cuda
