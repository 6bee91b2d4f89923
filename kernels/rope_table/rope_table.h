// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// angles[t, j] = attention * (cos a, sin a), a = f32(positions[t]) *
// inv_freq[j], the product rounded to f32 and cos and sin taken of it with an
// error below 1 ulp of f32 for every a < 2^24 (model-spec 1.6: angles
// reach 1.6e5 rad).
//   out  angles f32 [T, pairs, 2], cos then sin
//   w    inv_freq f32 [pairs]
// A tile is one token.
// Allocates nothing, keeps nothing, calls nothing, safe on many threads.
#pragma once
#include "kernels/base/Abi.h"
#include "kernels/base/Shape.h"
#include "kernels/base/Work.h"

#define DS_ROPE_TABLE_SHAPE(FIELD)                                             \
  FIELD(uint32_t, pairs)                                                       \
  FIELD(float, attention)

namespace ds::kernels {
struct RopeTableShape {
  DS_ROPE_TABLE_SHAPE(DS_SHAPE_MEMBER)
};

/// Bytes per worker.
inline uint64_t ropeTableWorkspace(const RopeTableShape &) { return 0; }
/// Activations are counted with 4 bytes an element.
inline Work ropeTableWork(const RopeTableShape &shape, uint64_t rows) {
  return {rows * shape.pairs * 8 + shape.pairs * 4ull, rows * shape.pairs * 40};
}
} // namespace ds::kernels
