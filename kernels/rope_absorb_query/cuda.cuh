// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Tiles of absorb_query; those with the first latent columns of a head rotate
// its rope part too, with the operations and the bits of rope.
#pragma once
#include "kernels/absorb_query/cuda.cuh"
#include "kernels/base/Rotate.cuh"
#include "kernels/rope_absorb_query/cuda.h"

namespace ds::kernels::cuda {

/// Rotates the rope part of a tile's tokens and head.
DS_DEVICE void rotateTile(const RopeAbsorbQueryShape &shape,
                          const AbsorbQueryTile &tile, const float *q,
                          const float *angles, bf16 *rotated) {
  const uint32_t rope = shape.rope;
  const bool whole = areWhole(rope);
  const bool inWhole = areWhole(rope, shape.nope, shape.headStride);
  for (uint32_t i = threadIndex(); i < tile.rows * quads(rope);
       i += blockThreads()) {
    const uint32_t token = tile.row + i / quads(rope);
    const uint32_t at = i % quads(rope) * kQuadColumns, count = rope - at;
    auto *from = rowOf(q, token, shape.heads * shape.headStride) +
                 tile.head * shape.headStride + shape.nope + at;
    const Quad turned =
        rotate(loadQuad(from, count, inWhole),
               loadQuad(rowOf(angles, token, rope) + at, count, whole));
    storeQuad(rowOf(rotated, token * shape.heads + tile.head, rope) + at,
              turned, count, whole);
  }
}

template <class W>
DS_DEVICE void ropeAbsorbQuery(const RopeAbsorbQueryShape &shape,
                               const DeviceCall &call) {
  const AbsorbQueryShape absorb = absorbQueryOf(shape);
  auto *q = operand<const float>(call, 0);
  const auto w = Matrix<W>::at(call.operands + 4, shape.latent);
  forTiles(ropeAbsorbQueryTileCount(shape), call, [&](uint32_t index) {
    const AbsorbQueryTile tile(absorb, call.batch->tokens, index);
    if (tile.column == 0)
      rotateTile(shape, tile, q, operand<const float>(call, 1),
                 operand<bf16>(call, 3));
    absorbQueryTile(absorb, tile, q, w, operand<bf16>(call, 2));
  });
}

} // namespace ds::kernels::cuda
