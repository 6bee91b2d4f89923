// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A thread sums one quad over the experts of its token, each product and each
// sum rounded once and in the contract's order: the bits of the CPU's row.
#pragma once
#include "kernels/base/Items.cuh"
#include "kernels/base/Quad.cuh"
#include "kernels/combine/cuda.h"

namespace ds::kernels::cuda {

/// Experts whose quads are on their way from memory together.
constexpr uint32_t kExpertsAtOnce = 8;

DS_DEVICE void combine(const CombineShape &shape, const DeviceCall &call) {
  auto *y = operand<const float>(call, 0);
  auto *slotOf = operand<const uint32_t>(call, 1);
  auto *weights = operand<const float>(call, 2);
  auto *delta = operand<float>(call, shape.shared == 1 ? 4 : 3);
  const uint32_t n = shape.hidden;
  const bool whole = areWhole(n);
  forItems(combineTiles(shape), call, [&](uint32_t t, uint32_t quad) {
    const uint32_t at = quad * kQuadColumns;
    auto *slots = rowOf(slotOf, t, combineSlots(shape));
    Quad sum = {};
    if (shape.shared) {
      auto *row = shape.shared == 1 ? rowOf(operand<const float>(call, 3), t, n)
                                    : rowOf(y, slots[shape.topk], n);
      sum = loadQuad(row + at, n - at, whole);
    }
    auto *factors = rowOf(weights, t, shape.topk);
    for (uint32_t first = 0; first < shape.topk; first += kExpertsAtOnce) {
      Quad x[kExpertsAtOnce];
      for (uint32_t k = 0; k < kExpertsAtOnce; ++k)
        if (first + k < shape.topk)
          x[k] = loadQuad(rowOf(y, slots[first + k], n) + at, n - at, whole);
      for (uint32_t k = 0; k < kExpertsAtOnce; ++k)
        if (first + k < shape.topk)
          for (uint32_t i = 0; i < kQuadColumns; ++i)
            sum.lane[i] =
                add(sum.lane[i], mul(factors[first + k], x[k].lane[i]));
    }
    storeQuad(rowOf(delta, t, n) + at, sum, n - at, whole);
  });
}

} // namespace ds::kernels::cuda
