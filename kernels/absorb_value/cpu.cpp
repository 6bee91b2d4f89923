// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One linear per head; RowDots.h states the order of the sums.
#include "kernels/absorb_value/absorb_value.h"
#include "kernels/base/Heads.h"
#include "kernels/base/Row.h"
#include "kernels/base/RowDots.h"

namespace ds::kernels {
namespace {

template <class W>
[[clang::always_inline]] inline void
absorbValue(const AbsorbValueShape &shape, const Call &call, uint32_t tileBegin,
            uint32_t tileEnd) {
  const bf16 *o = operand<const bf16>(call, 0);
  bf16 *y = operand<bf16>(call, 1);
  auto w = Matrix<W>::at(call.operands + 2, shape.latent);
  for (uint32_t h = tileBegin; h < tileEnd; ++h) {
    const uint32_t row = h * shape.weightRows + shape.rowOffset;
    multiplyRows(
        w, row, row + shape.value, call.batch->tokens,
        static_cast<bf16 *>(call.workspace),
        [&](uint32_t t) __attribute__((always_inline)) {
          return rowOf(o, t, shape.heads * shape.latent) + h * shape.latent;
        },
        [&](uint32_t t, uint32_t r, float value)
            __attribute__((always_inline)) {
              store(rowOf(y, t, shape.heads * shape.value) + h * shape.value +
                        (r - row),
                    value);
            });
  }
}

} // namespace

DS_DEFINE_KERNEL(DS_ROW(absorb_value_bf16_bf16), AbsorbValueShape, headTiles,
                 absorbValue<bf16>)
DS_DEFINE_KERNEL(DS_ROW(absorb_value_bf16_f8e4m3fn_bs128), AbsorbValueShape,
                 headTiles, absorbValue<f8e4m3fn>)

} // namespace ds::kernels
