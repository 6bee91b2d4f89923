// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// delta[t] = shared[t] + sum over k = 0 .. topk - 1, in that order, of
// weights[t, k] * y[slot_of[t, k]], in f32 (model-spec 1.7).
//   in   y f32 [T * topk, hidden], slot_of u32 [T, topk], weights f32 [T,
//   topk],
//        shared f32 [T, hidden] where shared is 1
//   out  delta f32 [T, hidden]
// A tile is one token.
// Allocates nothing, keeps nothing, calls nothing, safe on many threads.
#pragma once
#include "kernels/base/Abi.h"
#include "kernels/base/Shape.h"
#include "kernels/base/Work.h"

#define DS_COMBINE_SHAPE(FIELD)                                                \
  FIELD(uint32_t, hidden)                                                      \
  FIELD(uint32_t, topk)                                                        \
  FIELD(uint32_t, shared)

namespace ds::kernels {
struct CombineShape {
  DS_COMBINE_SHAPE(DS_SHAPE_MEMBER)
};

/// Bytes per worker.
inline uint64_t combineWorkspace(const CombineShape &) { return 0; }
/// Activations are counted with 4 bytes an element.
inline Work combineWork(const CombineShape &shape, uint64_t rows) {
  return {rows * shape.hidden * 4 * (shape.topk + shape.shared + 1ull),
          rows * shape.hidden * 2 * shape.topk};
}
} // namespace ds::kernels
