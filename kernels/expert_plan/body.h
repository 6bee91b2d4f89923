// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The body, which gate_plan shares.
#pragma once
#include "kernels/base/Row.h"
#include "kernels/expert_plan/expert_plan.h"

namespace ds::kernels {

[[clang::always_inline]] inline uint32_t oneTile(const ExpertPlanShape &,
                                                 const Batch &) {
  return 1;
}

[[clang::always_inline]] inline void sortPairs(const ExpertPlanShape &shape,
                                               const Call &call,
                                               uint32_t tileBegin,
                                               uint32_t tileEnd) {
  if (tileBegin == tileEnd)
    return;
  auto *ids = operand<const uint32_t>(call, 0);
  auto *offsets = operand<uint32_t>(call, 1);
  auto *tokenOf = operand<uint32_t>(call, 2);
  auto *slotOf = operand<uint32_t>(call, 3);
  const uint32_t tokens = call.batch->tokens, pairs = tokens * shape.topk;
  const uint32_t slots = shape.topk + shape.shared; // of a token
  for (uint32_t e = 0; e <= shape.experts; ++e)
    offsets[e] = 0;
  for (uint32_t pair = 0; pair < pairs; ++pair)
    ++offsets[ids[pair]];
  for (uint32_t e = 0, sum = 0; e <= shape.experts; ++e)
    sum = offsets[e] += sum;
  // offsets[e] is the end of e now. Dealt from the last pair on, it falls to
  // the begin, and the pairs of an expert stay in the order of their tokens.
  for (uint32_t pair = pairs; pair-- != 0;) {
    uint32_t slot = --offsets[ids[pair]];
    tokenOf[slot] = pair / shape.topk;
    slotOf[pair / shape.topk * slots + pair % shape.topk] = slot;
  }
  if (!shape.shared)
    return;
  offsets[shape.experts + 1] = pairs + tokens;
  for (uint32_t t = 0; t < tokens; ++t) {
    tokenOf[pairs + t] = t;
    slotOf[t * slots + shape.topk] = pairs + t;
  }
}

} // namespace ds::kernels
