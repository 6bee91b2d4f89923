// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// There is one tile: every warp chooses for its tokens, then the block sorts.
#pragma once
#include "kernels/expert_plan/sort.cuh"
#include "kernels/gate_plan/cuda.h"
#include "kernels/gate_topk/choose.cuh"

namespace ds::kernels::cuda {

DS_DEVICE void gatePlan(const GatePlanShape &shape, const DeviceCall &call) {
  auto *logits = operand<const float>(call, 0);
  auto *ids = operand<uint32_t>(call, 1);
  auto *weights = operand<float>(call, 2);
  const GateTopkShape gate = gateTopkOf(shape);
  const ExpertPlanShape plan = expertPlanOf(shape);
  const uint32_t tokens = call.batch->tokens;
  forTiles(oneTile(shape), call, [&](uint32_t) {
    float *scratch = sharedMemory<float>() +
                     warpIndex() * gateTopkShared(gate) / sizeof(float);
    for (uint32_t t = warpIndex(); t < tokens;
         t += blockThreads() / kWarpLanes) {
      WarpGate(gate, rowOf(logits, t, shape.experts),
               operand<const void>(call, 6), scratch)
          .choose(rowOf(ids, t, shape.topk), rowOf(weights, t, shape.topk));
      syncWarp();
    }
    syncBlock();
    PairSort(plan, tokens, ids, sharedMemory<uint32_t>())
        .sort(operand<uint32_t>(call, 3), operand<uint32_t>(call, 4),
              operand<uint32_t>(call, 5));
  });
}

} // namespace ds::kernels::cuda
