// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A thread widens one quad of a token's row. Exact, as the contract is.
#pragma once
#include "kernels/base/Items.cuh"
#include "kernels/base/Quad.cuh"
#include "kernels/embedding/cuda.h"

namespace ds::kernels::cuda {

DS_DEVICE void embed(const EmbeddingShape &shape, const DeviceCall &call) {
  auto *residual = operand<float>(call, 0);
  auto *delta = operand<float>(call, 1);
  auto *table = operand<const bf16>(call, 2);
  const uint32_t n = shape.hidden;
  const bool whole = areWhole(n);
  forItems(embeddingTiles(shape), call, [&](uint32_t t, uint32_t quad) {
    const uint32_t at = quad * kQuadColumns, id = call.batch->tokenIds[t];
    const Quad zeros = {};
    Quad value = zeros;
    if (id < shape.vocab)
      value = loadQuad(rowOf(table, id, n) + at, n - at, whole);
    storeQuad(rowOf(residual, t, n) + at, value, n - at, whole);
    storeQuad(rowOf(delta, t, n) + at, zeros, n - at, whole);
  });
}

} // namespace ds::kernels::cuda
