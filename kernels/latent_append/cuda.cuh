// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A tile is one token.
#pragma once
#include "kernels/latent_append/append.cuh"

namespace ds::kernels::cuda {

template <class A>
DS_DEVICE void latentAppend(const LatentAppendShape &shape,
                            const DeviceCall &call) {
  auto *x = operand<const float>(call, 0) + shape.inOffset;
  auto *angles = operand<const float>(call, 1);
  forTiles(tokenTiles(shape), call, [&](uint32_t t) {
    appendLatent<kLatentNormThreads>(
        shape, *call.batch, t, rowOf(x, t, shape.inStride),
        rowOf(angles, t, shape.rope), operand<A>(call, 2),
        operand<const bf16>(call, 3));
  });
}

} // namespace ds::kernels::cuda
