// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// delta[t] = s[t] + sum over k = 0 .. topk - 1, in that order, of
// weights[t, k] * y[slot_of[t, k]], in f32 (model-spec 1.7). s, what the shared
// expert gives, is 0 where shared is 0, an input where it is 1, and
// y[slot_of[t, topk]] where it is 2 (expert_plan.h). The sum begins with it in
// every case: folding the shared expert changes no bit.
//   in   y f32 [T * slots, hidden], slot_of u32 [T, slots], weights f32 [T,
//        topk], shared f32 [T, hidden] where shared is 1
//        slots = topk, or topk + 1 where shared is 2
//   out  delta f32 [T, hidden]
// A tile is one token.
// Allocates nothing, keeps nothing, calls nothing, safe on many threads.
#pragma once
#include "kernels/base/Abi.h"
#include "kernels/base/Inline.h"
#include "kernels/base/Shape.h"
#include "kernels/base/Work.h"

#define DS_COMBINE_SHAPE(FIELD)                                                \
  FIELD(uint32_t, hidden)                                                      \
  FIELD(uint32_t, topk)                                                        \
  FIELD(uint32_t, shared) /* 0 none, 1 an input, 2 a slot */

namespace ds::kernels {
struct CombineShape {
  DS_COMBINE_SHAPE(DS_SHAPE_MEMBER)
};

/// Slots of a token.
DS_SHARED_FUNCTION constexpr uint32_t combineSlots(const CombineShape &shape) {
  return shape.topk + (shape.shared == 2);
}

/// Bytes per worker.
inline uint64_t combineWorkspace(const CombineShape &) { return 0; }
/// Activations are counted with 4 bytes an element.
inline Work combineWork(const CombineShape &shape, uint64_t rows) {
  uint64_t terms = shape.topk + (shape.shared != 0);
  return {rows * shape.hidden * 4 * (terms + 1),
          rows * shape.hidden * 2 * shape.topk};
}
} // namespace ds::kernels
