// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "kernels/expert_plan/cuda.h"
#include "kernels/gate_plan/gate_plan.h"
#include "kernels/gate_topk/cuda.h"

namespace ds::kernels::cuda {

/// As many warps as a block can have: the tokens of a run are theirs.
constexpr uint32_t kGatePlanThreads = 1024;

/// Bytes: what every warp needs to choose; then the same memory sorts.
DS_SHARED_FUNCTION constexpr uint32_t
gatePlanShared(const GatePlanShape &shape) {
  const uint32_t choosing =
      kGatePlanThreads / 32 * gateTopkShared(gateTopkOf(shape));
  const uint32_t sorting =
      pairSortShared(expertPlanOf(shape), kGatePlanThreads);
  return choosing > sorting ? choosing : sorting;
}

DS_SHARED_FUNCTION constexpr uint32_t gatePlanFits(const GatePlanShape &shape) {
  return fitsShared<gatePlanShared>(shape) ? kGatePlanTokens : 0;
}

} // namespace ds::kernels::cuda
