// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// As linear, expert by expert: a row of weights is decoded once for all tokens
// of its expert, and experts that nobody chose are not read.
#include "kernels/base/Row.h"
#include "kernels/base/RowDots.h"
#include "kernels/grouped_linear/grouped_linear.h"

namespace ds::kernels {
namespace {

template <class W>
[[clang::always_inline]] inline void
groupedLinear(const GroupedLinearShape &shape, const Call &call,
              uint32_t tileBegin, uint32_t tileEnd) {
  const bf16 *x = operand<const bf16>(call, 0);
  const uint32_t *offsets = operand<const uint32_t>(call, 1);
  const uint32_t *tokenOf = operand<const uint32_t>(call, 2);
  float *y = operand<float>(call, 3);
  const void *const *list = operand<const void *const>(call, 4);
  const uint32_t columns = shape.parts * shape.out;
  const uint32_t tiles = ceilDiv(shape.out, kDecodedRows); // of one part
  while (tileBegin < tileEnd) {
    const uint32_t part = tileBegin / tiles;
    const uint32_t next = (part + 1) * tiles;
    const uint32_t end = tileEnd < next ? tileEnd : next;
    const uint32_t rowBegin = (tileBegin - part * tiles) * kDecodedRows;
    const uint32_t rowLimit = (end - part * tiles) * kDecodedRows;
    const uint32_t rowEnd = rowLimit < shape.out ? rowLimit : shape.out;
    for (uint32_t e = 0; e < shape.experts; ++e) {
      const uint32_t slot = offsets[e], slots = offsets[e + 1] - slot;
      if (slots == 0)
        continue;
      const uint32_t place = e * shape.parts + part;
      multiplyRows(
          Matrix<W>::at(list + place * kMatrixOperands<W>, shape.in), rowBegin,
          rowEnd, slots, static_cast<bf16 *>(call.workspace),
          [&](uint32_t i) __attribute__((always_inline)) {
            return rowOf(x, shape.gather ? tokenOf[slot + i] : slot + i,
                         shape.in);
          },
          [&](uint32_t i, uint32_t row, float value)
              __attribute__((always_inline)) {
                rowOf(y, slot + i, columns)[part * shape.out + row] = value;
              });
    }
    tileBegin = end;
  }
}

} // namespace

DS_DEFINE_KERNEL(DS_ROW(grouped_linear_bf16_bf16), GroupedLinearShape,
                 groupedLinearTiles, groupedLinear<bf16>)
DS_DEFINE_KERNEL(DS_ROW(grouped_linear_bf16_f8e4m3fn_bs128), GroupedLinearShape,
                 groupedLinearTiles, groupedLinear<f8e4m3fn>)

} // namespace ds::kernels
