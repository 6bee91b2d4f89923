// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A thread makes one pair, by the sincos of base/Math.h: in double, without
// tables, the bits of the CPU's row.
#pragma once
#include "kernels/base/Items.cuh"
#include "kernels/base/Math.h"
#include "kernels/rope_table/cuda.h"

namespace ds::kernels::cuda {

DS_DEVICE void ropeTable(const RopeTableShape &shape, const DeviceCall &call) {
  auto *angles = operand<float>(call, 0);
  auto *frequency = operand<const float>(call, 1);
  forItems(ropeTableTiles(shape), call, [&](uint32_t t, uint32_t pair) {
    const float position = float(call.batch->positions[t]);
    const SinCos turn = sincos(mul(position, frequency[pair]));
    float *out = rowOf(angles, t, 2 * shape.pairs) + 2 * pair;
    out[0] = mul(shape.attention, turn.cos);
    out[1] = mul(shape.attention, turn.sin);
  });
}

} // namespace ds::kernels::cuda
