// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// For every slot i of expert e: y[i, p * out + o] = sum over j of
// w[e, p][o, j] * x[r, j], r = token_of[i] where gather is 1, else i;
// accumulated as linear does. Weights of experts without slots are not read.
// Where the shared expert is folded in (expert_plan.h), experts and topk count
// it.
//   in   x A [T or T * topk, in]; where A is f8e4m3fn, x is its codes, followed
//        by their scales f32 [T or T * topk, ceil(in / 128)] (quantize.h);
//        offsets u32 [experts + 1], token_of u32 [T * topk]
//   out  y f32 [T * topk, parts * out]
//   w    one list: for each expert, for each part: w [out, in], then its scale
//        where the row is f8e4m3fn
// A tile is a block of rows of one part, of all experts' weights.
// A, the element of activations, and the weights' encoding are the row's.
// Allocates nothing, keeps nothing, calls nothing, safe on many threads.
#pragma once
#include "kernels/base/Abi.h"
#include "kernels/base/Matrix.h"
#include "kernels/base/Shape.h"
#include "kernels/base/Work.h"

#define DS_GROUPED_LINEAR_SHAPE(FIELD)                                         \
  FIELD(uint32_t, in)                                                          \
  FIELD(uint32_t, out)                                                         \
  FIELD(uint32_t, parts)                                                       \
  FIELD(uint32_t, experts)                                                     \
  FIELD(uint32_t, topk)                                                        \
  FIELD(uint32_t, gather)

namespace ds::kernels {
struct GroupedLinearShape {
  DS_GROUPED_LINEAR_SHAPE(DS_SHAPE_MEMBER)
};

/// A tile holds at most kDecodedRows rows of one part, of every expert.
constexpr uint32_t groupedLinearTiles(const GroupedLinearShape &shape,
                                      const Batch &) {
  return shape.parts * ceilDiv(shape.out, kDecodedRows);
}

/// Bytes per worker.
constexpr uint64_t groupedLinearWorkspace(const GroupedLinearShape &shape) {
  return uint64_t(kDecodedRows) * decodedStride(shape.in) * sizeof(bf16);
}

/// `rows` are tokens; as many experts as they can choose are read.
constexpr Work groupedLinearWork(const GroupedLinearShape &shape,
                                 uint64_t rows) {
  uint64_t out = uint64_t(shape.parts) * shape.out;
  uint64_t slots = rows * shape.topk;
  uint64_t experts = slots < shape.experts ? slots : shape.experts;
  return {slots * (shape.in * sizeof(bf16) + out * sizeof(float)),
          2 * slots * out * shape.in, experts * out * shape.in};
}
} // namespace ds::kernels
