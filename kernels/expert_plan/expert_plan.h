// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Sorts the T * topk (token, rank) pairs by expert, pairs of one expert by
// token: offsets[e] .. offsets[e + 1] - 1 are expert e's slots, token_of[slot]
// its token, slot_of[t, k] the slot of a pair. Where shared is 1 every token
// has one more slot, of rank topk and expert `experts`, behind all others: the
// shared expert is then one of the grouped ones.
//   in   ids u32 [T, topk]
//   out  offsets u32 [experts + shared + 1], token_of u32 [T * slots],
//        slot_of u32 [T, slots], slots = topk + shared
// There is one tile.
// Allocates nothing, keeps nothing, calls nothing, safe on many threads.
#pragma once
#include "kernels/base/Abi.h"
#include "kernels/base/Shape.h"
#include "kernels/base/Work.h"

#define DS_EXPERT_PLAN_SHAPE(FIELD)                                            \
  FIELD(uint32_t, experts)                                                     \
  FIELD(uint32_t, topk)                                                        \
  FIELD(uint32_t, shared)

namespace ds::kernels {
struct ExpertPlanShape {
  DS_EXPERT_PLAN_SHAPE(DS_SHAPE_MEMBER)
};

/// Bytes per worker.
inline uint64_t expertPlanWorkspace(const ExpertPlanShape &) { return 0; }
/// Activations are counted with 4 bytes an element.
inline Work expertPlanWork(const ExpertPlanShape &shape, uint64_t rows) {
  return {rows * shape.topk * 12 + shape.experts * 4ull, 0};
}
} // namespace ds::kernels
