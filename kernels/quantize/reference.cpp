// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernels/base/Quantize.h"
#include "kernels/base/Row.h"
#include "kernels/quantize/quantize.h"

namespace ds::kernels {
namespace {

[[clang::always_inline]] inline uint32_t rowTiles(const QuantizeShape &shape,
                                                  const Batch &batch) {
  return batch.tokens * shape.rowsPerToken;
}

template <class A>
[[clang::always_inline]] inline void
quantizeRows(const QuantizeShape &shape, const Call &call, uint32_t tileBegin,
             uint32_t tileEnd) {
  auto *x = operand<const A>(call, 0);
  auto *codes = operand<f8e4m3fn>(call, 1);
  auto *scales = operand<float>(call, 2);
  for (uint32_t row = tileBegin; row < tileEnd; ++row) {
    const A *from = rowOf(x, row, shape.n);
    quantizeRow(
        [&](uint32_t i)
            __attribute__((always_inline)) { return toFloat(from[i]); },
        shape.n, shape.scaleFormat, rowOf(codes, row, shape.n),
        rowOf(scales, row, scaleGroups(shape.n)));
  }
}

} // namespace

DS_DEFINE_KERNEL(quantize_f32_generic, QuantizeShape, rowTiles,
                 quantizeRows<float>)
DS_DEFINE_KERNEL(quantize_bf16_generic, QuantizeShape, rowTiles,
                 quantizeRows<bf16>)

} // namespace ds::kernels
