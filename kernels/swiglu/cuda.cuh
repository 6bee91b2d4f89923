// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A thread makes one quad of a row. The operations are those of the CPU's rows,
// each rounded once, so the f32 value before the rounding to A has their bits.
#pragma once
#include "kernels/base/Items.cuh"
#include "kernels/base/Quad.cuh"
#include "kernels/swiglu/cuda.h"

namespace ds::kernels::cuda {

template <class A>
DS_DEVICE void swiglu(const SwiGLUShape &shape, const DeviceCall &call) {
  auto *x = operand<const float>(call, 0);
  auto *y = operand<A>(call, 1);
  const uint32_t n = shape.n;
  const bool whole = areWhole(n);
  forItems(swigluTiles(shape), call, [&](uint32_t t, uint32_t item) {
    const uint32_t row = t * shape.rowsPerToken + item / quads(n);
    const uint32_t at = item % quads(n) * kQuadColumns;
    auto *gates = rowOf(x, row, 2 * n) + at;
    const Quad gate = loadQuad(gates, n - at, whole);
    Quad product = loadQuad(gates + n, n - at, whole);
    for (uint32_t i = 0; i < kQuadColumns; ++i)
      product.lane[i] = mul(silu(gate.lane[i]), product.lane[i]);
    storeQuad(rowOf(y, row, n) + at, product, n - at, whole);
  });
}

} // namespace ds::kernels::cuda
