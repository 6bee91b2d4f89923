// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A thread turns two pairs of a head.
#pragma once
#include "kernels/base/Items.cuh"
#include "kernels/base/Rotate.cuh"
#include "kernels/rope/cuda.h"

namespace ds::kernels::cuda {

template <class A>
DS_DEVICE void rope(const RopeShape &shape, const DeviceCall &call) {
  auto *x = operand<const float>(call, 0) + shape.inOffset;
  auto *angles = operand<const float>(call, 1);
  auto *y = operand<A>(call, 2);
  const uint32_t dim = shape.dim;
  const bool whole = areWhole(dim);
  const bool inWhole =
      areWhole(dim, shape.inStride, shape.inOffset, shape.headStride);
  forItems(ropeTiles(shape), call, [&](uint32_t t, uint32_t item) {
    const uint32_t head = item / quads(dim);
    const uint32_t at = item % quads(dim) * kQuadColumns, count = dim - at;
    auto *in = rowOf(x, t, shape.inStride) + head * shape.headStride + at;
    const Quad turned =
        rotate(loadQuad(in, count, inWhole),
               loadQuad(rowOf(angles, t, dim) + at, count, whole));
    storeQuad(rowOf(y, t * shape.heads + head, dim) + at, turned, count, whole);
  });
}

} // namespace ds::kernels::cuda
