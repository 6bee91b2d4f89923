// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A warp makes one group of a row.
#pragma once
#include "kernels/base/Items.cuh"
#include "kernels/base/Quantize.cuh"
#include "kernels/quantize/cuda.h"

namespace ds::kernels::cuda {

template <class A>
DS_DEVICE void quantize(const QuantizeShape &shape, const DeviceCall &call) {
  auto *x = operand<const A>(call, 0);
  auto *codes = operand<f8e4m3fn>(call, 1);
  auto *scales = operand<float>(call, 2);
  const uint32_t n = shape.n, groups = scaleGroups(n);
  forWarpItems(quantizeTiles(shape), call, [&](uint32_t t, uint32_t item) {
    const uint32_t row = t * shape.rowsPerToken + item / groups;
    const uint32_t at =
        item % groups * kScaleGroup + laneIndex() * kQuadColumns;
    Quad quad = {};
    if (at < n)
      quad = loadQuad(rowOf(x, row, n) + at, n - at, areWhole(n));
    quantizeGroup(quad, at, n, shape.scaleFormat, rowOf(codes, row, n),
                  rowOf(scales, row, groups));
  });
}

} // namespace ds::kernels::cuda
