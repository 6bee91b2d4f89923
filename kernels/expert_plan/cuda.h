// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "kernels/base/LaunchShape.h"
#include "kernels/expert_plan/expert_plan.h"

namespace ds::kernels::cuda {

constexpr uint32_t kExpertPlanThreads = 512;

/// Bytes: per warp the pairs of every expert, and one number for the scan.
DS_SHARED_FUNCTION constexpr uint32_t
pairSortShared(const ExpertPlanShape &shape, uint32_t threads) {
  return threads / 32 * (shape.experts + 1) * sizeof(uint32_t);
}

DS_SHARED_FUNCTION constexpr uint32_t
expertPlanShared(const ExpertPlanShape &shape) {
  return pairSortShared(shape, kExpertPlanThreads);
}

} // namespace ds::kernels::cuda
