// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Two projections of one input and their gated product, in one call: with g and
// u as linear.h has them, f32,
//   y[t, o] = A(silu(g[t, o]) * u[t, o]), silu(g) = g / (1 + exp(-g)), in f32
// Where A is f8e4m3fn, y is quantised from f32, before any other rounding
// (quantize.h).
//   in   x A [T, in]; where A is f8e4m3fn: its codes, then their scales f32
//        [T, ceil(in / 128)]
//   out  y A [T, out]; where A is f8e4m3fn: its codes, then their scales f32
//        [T, ceil(out / 128)]
//   w    gate [out, in], then its scale where the row is f8e4m3fn; up likewise
// A tile is kGatedRows rows of both weights. scale_format is that of y's
// scales. A, the element of activations, and the weights' encoding are the
// row's. Allocates nothing, keeps nothing, calls nothing, safe on many threads.
#pragma once
#include "kernels/base/Abi.h"
#include "kernels/base/Quantize.h"
#include "kernels/base/Shape.h"
#include "kernels/base/Work.h"

#define DS_GATED_LINEAR_SHAPE(FIELD)                                           \
  FIELD(uint32_t, in)                                                          \
  FIELD(uint32_t, out)                                                         \
  FIELD(uint32_t, scaleFormat) /* as in quantize.h */

namespace ds::kernels {
struct GatedLinearShape {
  DS_GATED_LINEAR_SHAPE(DS_SHAPE_MEMBER)
};

/// Columns of y in a tile: a whole group of scales.
constexpr uint32_t kGatedRows = kScaleGroup;

constexpr uint32_t gatedLinearTiles(const GatedLinearShape &shape,
                                    const Batch &) {
  return ceilDiv(shape.out, kGatedRows);
}

/// Bytes per worker.
constexpr uint64_t gatedLinearWorkspace(const GatedLinearShape &) {
  return kGatedRows * sizeof(float);
}
constexpr Work gatedLinearWork(const GatedLinearShape &shape, uint64_t rows) {
  uint64_t out = shape.out;
  return {rows * (shape.in + out) * sizeof(bf16),
          rows * (4 * out * shape.in + 25 * out), 2 * out * shape.in};
}
} // namespace ds::kernels
