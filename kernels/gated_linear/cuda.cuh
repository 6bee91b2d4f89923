// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Tiles of 32 rows of x and 128 columns of y (base/GatedProduct.cuh). Tiles of
// the same columns are neighbours. Sums have the error of linear/cuda.cuh; from
// them on the operations are those of the reference, in f32.
#pragma once
#include "kernels/base/GatedProduct.cuh"
#include "kernels/base/Launch.cuh"
#include "kernels/gated_linear/cuda.h"

namespace ds::kernels::cuda {

/// A: bf16, or codes, with scales as one more operand of x and of y.
template <class A, class W, class Units = BF16Units>
DS_DEVICE void gatedLinear(const GatedLinearShape &shape,
                           const DeviceCall &call) {
  constexpr uint32_t kOutput = kActivationOperands<A>, kWeights = 2 * kOutput;
  const Vectors<A> x{operand<const A>(call, 0), operand<const float>(call, 1),
                     shape.in, shape.in, shape.in};
  const GatedOutput<A> y{operand<A>(call, kOutput),
                         operand<float>(call, kOutput + 1), shape.out,
                         shape.scaleFormat};
  const auto gate = Matrix<W>::at(call.operands + kWeights, shape.in);
  const auto up =
      Matrix<W>::at(call.operands + kWeights + kMatrixOperands<W>, shape.in);
  const uint32_t tokens = call.batch->tokens;
  const uint32_t rowTiles = ceilDiv(tokens, kGatedRowsOfX);
  forTiles(gatedLinearTileCount(shape), call, [&](uint32_t tile) {
    const uint32_t row = tile % rowTiles * kGatedRowsOfX;
    const uint32_t rows = smaller(tokens - row, kGatedRowsOfX);
    const uint32_t first = tile / rowTiles * kGatedColumns;
    const uint32_t columns = smaller(shape.out - first, kGatedColumns);
    storeGated(multiplyGated<Units>(x.from(row), rows, InOrder(), gate, up,
                                    first, columns),
               row, rows, first, columns, y,
               sharedMemory() + GatedSizes<A, W>::kSharedBytes);
  });
}

/// w8a8 where the tensor cores multiply codes, as in linear/cuda.cuh.
DS_DEVICE void gatedLinearInF8Units(const GatedLinearShape &shape,
                                    const DeviceCall &call) {
  gatedLinear<f8e4m3fn, f8e4m3fn, F8Units>(shape, call);
}

} // namespace ds::kernels::cuda
