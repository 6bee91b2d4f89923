// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A thread copies one quad of a token's row; as f32, which changes no bit.
#pragma once
#include "kernels/base/Items.cuh"
#include "kernels/base/Quad.cuh"
#include "kernels/copy_rows/cuda.h"

namespace ds::kernels::cuda {

DS_DEVICE void copyRows(const CopyRowsShape &shape, const DeviceCall &call) {
  auto *x = operand<const float>(call, 0);
  auto *y = operand<float>(call, 1);
  const bool whole = areWhole(shape.n);
  forItems(copyRowsTiles(shape), call, [&](uint32_t t, uint32_t quad) {
    const uint32_t at = quad * kQuadColumns, count = shape.n - at;
    storeQuad(rowOf(y, t, shape.n) + at,
              loadQuad(rowOf(x, t, shape.n) + at, count, whole), count, whole);
  });
}

} // namespace ds::kernels::cuda
