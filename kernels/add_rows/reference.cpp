// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernels/add_rows/add_rows.h"
#include "kernels/base/Row.h"

namespace ds::kernels {
namespace {

[[clang::always_inline]] inline void addTokens(const AddRowsShape &shape,
                                               const Call &call,
                                               uint32_t tileBegin,
                                               uint32_t tileEnd) {
  auto *a = operand<const float>(call, 0);
  auto *b = operand<const float>(call, 1);
  auto *y = operand<float>(call, 2);
  for (uint32_t t = tileBegin; t < tileEnd; ++t)
    for (uint32_t i = 0; i < shape.n; ++i)
      rowOf(y, t, shape.n)[i] =
          rowOf(a, t, shape.n)[i] + rowOf(b, t, shape.n)[i];
}

} // namespace

DS_DEFINE_KERNEL(add_rows_f32_generic, AddRowsShape, tokenTiles, addTokens)

} // namespace ds::kernels
