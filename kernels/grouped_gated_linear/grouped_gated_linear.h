// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// gated_linear of every slot with its own expert's weights, in one call: with g
// and u of slot i of expert e as grouped_linear.h has them (gather 1: the row
// of x is token_of[i]),
//   y[i, o] = A(silu(g[i, o]) * u[i, o]), in f32
// Where A is f8e4m3fn, y is quantised from f32, before any other rounding
// (quantize.h). Weights of experts without slots are not read. Where the shared
// expert is folded in (expert_plan.h), experts and topk count it.
//   in   x A [T, in]; where A is f8e4m3fn: its codes, then their scales f32
//        [T, ceil(in / 128)]; offsets u32 [experts + 1], token_of u32 [T *
//        topk]
//   out  y A [T * topk, out]; where A is f8e4m3fn: its codes, then their scales
//        f32 [T * topk, ceil(out / 128)]
//   w    one list: for each expert gate [out, in], then its scale where the row
//        is f8e4m3fn; up likewise
// A tile is kGatedRows rows of both weights, of all experts. scale_format is
// that of y's scales.
// A, the element of activations, and the weights' encoding are the row's.
// Allocates nothing, keeps nothing, calls nothing, safe on many threads.
#pragma once
#include "kernels/base/Abi.h"
#include "kernels/base/Shape.h"
#include "kernels/base/Work.h"
#include "kernels/gated_linear/gated_linear.h"

#define DS_GROUPED_GATED_LINEAR_SHAPE(FIELD)                                   \
  FIELD(uint32_t, in)                                                          \
  FIELD(uint32_t, out)                                                         \
  FIELD(uint32_t, experts)                                                     \
  FIELD(uint32_t, topk)                                                        \
  FIELD(uint32_t, scaleFormat) /* as in quantize.h */

namespace ds::kernels {
struct GroupedGatedLinearShape {
  DS_GROUPED_GATED_LINEAR_SHAPE(DS_SHAPE_MEMBER)
};

constexpr uint32_t groupedGatedLinearTiles(const GroupedGatedLinearShape &shape,
                                           const Batch &) {
  return ceilDiv(shape.out, kGatedRows);
}

/// Bytes per worker.
constexpr uint64_t
groupedGatedLinearWorkspace(const GroupedGatedLinearShape &) {
  return kGatedRows * sizeof(float);
}
/// `rows` are tokens; as many experts as they can choose are read.
constexpr Work groupedGatedLinearWork(const GroupedGatedLinearShape &shape,
                                      uint64_t rows) {
  uint64_t out = shape.out, slots = rows * shape.topk;
  uint64_t experts = slots < shape.experts ? slots : shape.experts;
  return {slots * (shape.in + out) * sizeof(bf16),
          slots * (4 * out * shape.in + 25 * out),
          experts * 2 * out * shape.in};
}
} // namespace ds::kernels
