// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// There is one tile.
#pragma once
#include "kernels/expert_plan/sort.cuh"

namespace ds::kernels::cuda {

DS_DEVICE void expertPlan(const ExpertPlanShape &shape,
                          const DeviceCall &call) {
  forTiles(oneTile(shape), call, [&](uint32_t) {
    PairSort(shape, call.batch->tokens, operand<const uint32_t>(call, 0),
             sharedMemory<uint32_t>())
        .sort(operand<uint32_t>(call, 1), operand<uint32_t>(call, 2),
              operand<uint32_t>(call, 3));
  });
}

} // namespace ds::kernels::cuda
