// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernels/expert_plan/body.h"
#include "kernels/gate_plan/gate_plan.h"
#include "kernels/gate_topk/body.h"

namespace ds::kernels {
namespace {

[[clang::always_inline]] inline uint32_t planTiles(const GatePlanShape &,
                                                   const Batch &) {
  return 1;
}

[[clang::always_inline]] inline void choosePlan(const GatePlanShape &shape,
                                                const Call &call,
                                                uint32_t tileBegin,
                                                uint32_t tileEnd) {
  if (tileBegin == tileEnd)
    return;
  void *const *all = call.operands; // logits, ids, weights, offsets, token_of,
                                    // slot_of, bias
  void *const gate[] = {all[0], all[1], all[2], shape.bias ? all[6] : nullptr};
  void *const plan[] = {all[1], all[3], all[4], all[5]};
  chooseExperts(gateTopkOf(shape), {call.batch, gate, call.workspace}, 0,
                call.batch->tokens);
  sortPairs(expertPlanOf(shape), {call.batch, plan, nullptr}, 0, 1);
}

} // namespace

DS_DEFINE_KERNEL(gate_plan_f32_generic, GatePlanShape, planTiles, choosePlan)

} // namespace ds::kernels
