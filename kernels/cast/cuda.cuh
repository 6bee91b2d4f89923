// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A thread rounds one quad of a row.
#pragma once
#include "kernels/base/Items.cuh"
#include "kernels/base/Quad.cuh"
#include "kernels/cast/cuda.h"

namespace ds::kernels::cuda {

DS_DEVICE void cast(const CastShape &shape, const DeviceCall &call) {
  auto *x = operand<const float>(call, 0);
  auto *y = operand<bf16>(call, 1);
  const uint32_t n = shape.n;
  forItems(castTiles(shape), call, [&](uint32_t t, uint32_t item) {
    const uint32_t row = t * shape.rowsPerToken + item / quads(n);
    const uint32_t at = item % quads(n) * kQuadColumns;
    storeQuad(rowOf(y, row, n) + at,
              loadQuad(rowOf(x, row, n) + at, n - at, areWhole(n)), n - at,
              areWhole(n));
  });
}

} // namespace ds::kernels::cuda
