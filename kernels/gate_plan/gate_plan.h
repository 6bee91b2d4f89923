// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// gate_topk, then expert_plan of what it chose, in one call; for the few tokens
// of a decode run. Formulas, orders and rules of ties and NaN are theirs.
//   in   logits f32 [T, experts]
//   out  ids u32 [T, topk], weights f32 [T, topk],
//        offsets u32 [experts + shared + 1], token_of u32 [T * slots],
//        slot_of u32 [T, slots], slots = topk + shared
//   w    bias f32 or bf16 [experts] where bias is 1 or 2; none where it is 0
// T is at most kGatePlanTokens. There is one tile.
// Allocates nothing, keeps nothing, calls nothing, safe on many threads.
#pragma once
#include "kernels/base/Abi.h"
#include "kernels/base/Inline.h"
#include "kernels/base/Shape.h"
#include "kernels/base/Work.h"
#include "kernels/expert_plan/expert_plan.h"
#include "kernels/gate_topk/gate_topk.h"

#define DS_GATE_PLAN_SHAPE(FIELD)                                              \
  FIELD(uint32_t, experts)                                                     \
  FIELD(uint32_t, topk)                                                        \
  FIELD(uint32_t, groups)                                                      \
  FIELD(uint32_t, topkGroups)                                                  \
  FIELD(uint32_t, scoring)    /* 0 sigmoid, 1 softmax */                       \
  FIELD(uint32_t, groupScore) /* 0 two largest, 1 largest */                   \
  FIELD(uint32_t, normalize)                                                   \
  FIELD(uint32_t, bias) /* 0 none, 1 f32, 2 bf16 */                            \
  FIELD(float, scale)                                                          \
  FIELD(uint32_t, shared) /* as in expert_plan.h */

namespace ds::kernels {
struct GatePlanShape {
  DS_GATE_PLAN_SHAPE(DS_SHAPE_MEMBER)
};

/// Most tokens of a run.
constexpr uint32_t kGatePlanTokens = 64;

/// The two calls that it is.
DS_SHARED_FUNCTION constexpr GateTopkShape
gateTopkOf(const GatePlanShape &shape) {
  return {shape.experts,    shape.topk,    shape.groups,
          shape.topkGroups, shape.scoring, shape.groupScore,
          shape.normalize,  shape.bias,    shape.scale};
}
DS_SHARED_FUNCTION constexpr ExpertPlanShape
expertPlanOf(const GatePlanShape &shape) {
  return {shape.experts, shape.topk, shape.shared};
}

/// Bytes per worker.
inline uint64_t gatePlanWorkspace(const GatePlanShape &shape) {
  return gateTopkWorkspace(gateTopkOf(shape));
}
inline Work gatePlanWork(const GatePlanShape &shape, uint64_t rows) {
  Work work = gateTopkWork(gateTopkOf(shape), rows);
  work.bytes += expertPlanWork(expertPlanOf(shape), rows).bytes;
  return work;
}
} // namespace ds::kernels
