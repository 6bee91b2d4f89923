// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// y[t, o] = sum over i of x[t, i] * w[o, i], accumulated in f32; several
// weights of one input stand side by side: part p fills the columns from
// out_0 + … + out_(p-1) on. f8e4m3fn weights have one f32 factor per block of
// 128 x 128: scale[o / 128, i / 128], [ceil(out / 128), ceil(in / 128)]
// (model-spec 1.9). Weights and factors start at any byte.
//   in   x A [rows, in]           rows = T, or R where head_rows is 1;
//        where A is f8e4m3fn, x is its codes, followed by their scales f32
//        [rows, ceil(in / 128)] (quantize.h)
//   out  y f32 [rows, out_0 + out_1 + out_2 + out_3]
//   w    per part: w [out_p, in], then its scale where the row is f8e4m3fn
// A tile is a block of rows of one part's w. The order of a sum depends on `in`
// alone, never on the number of tokens (base/RowDots.h; rows for GPUs:
// base/TileProduct.cuh, SkinnyProduct.cuh; the reference: double).
// The avx512bf16 rows take subnormal elements of x and w as zero.
// Where A is f8e4m3fn: y[t, o] = sum over the groups g of 128 columns, rising,
// of (sum of products of codes) * scales[t, g] * scale[o / 128, g]. The sum of
// products is exact, or as exact as the row says; a group's sum is scaled
// before it is added. A, the element of activations, and the weights' encoding
// are the row's. Allocates nothing, keeps nothing, calls nothing, safe on many
// threads.
#pragma once
#include "kernels/base/Abi.h"
#include "kernels/base/Inline.h"
#include "kernels/base/Matrix.h"
#include "kernels/base/Shape.h"
#include "kernels/base/Work.h"

#define DS_LINEAR_SHAPE(FIELD)                                                 \
  FIELD(uint32_t, in)                                                          \
  FIELD(uint32_t, parts)                                                       \
  FIELD(uint32_t, out0)                                                        \
  FIELD(uint32_t, out1)                                                        \
  FIELD(uint32_t, out2)                                                        \
  FIELD(uint32_t, out3)                                                        \
  FIELD(uint32_t, headRows)

namespace ds::kernels {
struct LinearShape {
  DS_LINEAR_SHAPE(DS_SHAPE_MEMBER)
};

/// Rows of x and y.
DS_SHARED_FUNCTION constexpr uint32_t linearRows(const LinearShape &shape,
                                                 const Batch &batch) {
  return shape.headRows ? batch.rows : batch.tokens;
}

/// Rows of the weights of part p; 0 from shape.parts on.
DS_SHARED_FUNCTION constexpr uint32_t linearOut(const LinearShape &shape,
                                                uint32_t part) {
  if (part >= shape.parts)
    return 0;
  return part == 0   ? shape.out0
         : part == 1 ? shape.out1
         : part == 2 ? shape.out2
                     : shape.out3;
}

/// Columns of y.
DS_SHARED_FUNCTION constexpr uint32_t linearColumns(const LinearShape &shape) {
  return linearOut(shape, 0) + linearOut(shape, 1) + linearOut(shape, 2) +
         linearOut(shape, 3);
}

/// Tiles of all parts; a tile holds at most kDecodedRows rows of one of them.
constexpr uint32_t linearTiles(const LinearShape &shape, const Batch &) {
  uint32_t tiles = 0;
  for (uint32_t part = 0; part < shape.parts; ++part)
    tiles += ceilDiv(linearOut(shape, part), kDecodedRows);
  return tiles;
}

/// Bytes per worker.
constexpr uint64_t linearWorkspace(const LinearShape &shape) {
  return uint64_t(kDecodedRows) * decodedStride(shape.in) * sizeof(bf16);
}

constexpr Work linearWork(const LinearShape &shape, uint64_t rows) {
  uint64_t out = linearColumns(shape);
  return {rows * (shape.in * sizeof(bf16) + out * sizeof(float)),
          2 * rows * out * shape.in, out * shape.in};
}
} // namespace ds::kernels
