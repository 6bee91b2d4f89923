// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "kernels/base/LaunchShape.h"
#include "kernels/base/Matrix.h"
#include "kernels/gate_topk/gate_topk.h"

namespace ds::kernels::cuda {

/// Neighbouring experts that a lane of a warp looks after.
DS_SHARED_FUNCTION constexpr uint32_t
expertsOfLane(const GateTopkShape &shape) {
  return ceilDiv(shape.experts, 32);
}

/// Bytes of shared memory of the warp that works on a token.
DS_SHARED_FUNCTION constexpr uint32_t
gateTopkShared(const GateTopkShape &shape) {
  return (32 * expertsOfLane(shape) + 2 * shape.groups + 2 * shape.topk) *
         sizeof(float);
}

} // namespace ds::kernels::cuda
