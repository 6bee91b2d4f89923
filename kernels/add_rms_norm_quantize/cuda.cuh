// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A tile is one token. The mean is base/Normalize.cuh's, so y has the bits of
// add_rms_norm, and codes and scales those of quantize on its f32 values.
#pragma once
#include "kernels/add_rms_norm_quantize/cuda.h"
#include "kernels/base/Normalize.cuh"
#include "kernels/base/Quantize.cuh"

namespace ds::kernels::cuda {

template <class A>
DS_DEVICE void addRMSNormQuantize(const AddRMSNormQuantizeShape &shape,
                                  const DeviceCall &call) {
  auto *residual = operand<const float>(call, 0);
  auto *delta = operand<const float>(call, 1);
  auto *residualOut = operand<float>(call, 2);
  auto *y = operand<A>(call, 3); // where keep is 1
  auto *codes = operand<f8e4m3fn>(call, 3 + shape.keep);
  auto *scales = operand<float>(call, 4 + shape.keep);
  auto *gain = operand<const bf16>(call, 5 + shape.keep);
  const uint32_t n = shape.n;
  const bool whole = areWhole(n);
  forTiles(tokenTiles(shape), call, [&](uint32_t t) {
    auto load = [&](uint32_t quad) {
      const uint32_t at = quad * kQuadColumns, count = n - at;
      return add(loadQuad(rowOf(residual, t, n) + at, count, whole),
                 loadQuad(rowOf(delta, t, n) + at, count, whole));
    };
    auto write = [&](uint32_t quad, const Quad &u) {
      if (shape.keep)
        storeTo(rowOf(y, t, n), n, whole)(quad, u);
      quantizeGroup(u, quad * kQuadColumns, n, shape.scaleFormat,
                    rowOf(codes, t, n), rowOf(scales, t, scaleGroups(n)));
    };
    normalize<kNormThreads>(n, shape.eps, gain, load,
                            storeTo(rowOf(residualOut, t, n), n, whole), write);
  });
}

} // namespace ds::kernels::cuda
