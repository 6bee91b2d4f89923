// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A tile is one token, worked on by one warp: what takes time is the chain of
// topk maxima, which more warps would not shorten.
#pragma once
#include "kernels/gate_topk/choose.cuh"

namespace ds::kernels::cuda {

DS_DEVICE void gateTopk(const GateTopkShape &shape, const DeviceCall &call) {
  auto *logits = operand<const float>(call, 0);
  auto *ids = operand<uint32_t>(call, 1);
  auto *weights = operand<float>(call, 2);
  forTiles(tokenTiles(shape), call, [&](uint32_t t) {
    WarpGate(shape, rowOf(logits, t, shape.experts),
             operand<const void>(call, 3), sharedMemory<float>())
        .choose(rowOf(ids, t, shape.topk), rowOf(weights, t, shape.topk));
  });
}

} // namespace ds::kernels::cuda
