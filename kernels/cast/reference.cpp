// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernels/base/Row.h"
#include "kernels/base/Types.h"
#include "kernels/cast/cast.h"

namespace ds::kernels {
namespace {

[[clang::always_inline]] inline uint32_t rowTiles(const CastShape &shape,
                                                  const Batch &batch) {
  return batch.tokens * shape.rowsPerToken;
}

[[clang::always_inline]] inline void castRows(const CastShape &shape,
                                              const Call &call,
                                              uint32_t tileBegin,
                                              uint32_t tileEnd) {
  for (uint32_t row = tileBegin; row < tileEnd; ++row) {
    auto *x = rowOf(operand<const float>(call, 0), row, shape.n);
    auto *y = rowOf(operand<bf16>(call, 1), row, shape.n);
    for (uint32_t i = 0; i < shape.n; ++i)
      store(y + i, x[i]);
  }
}

} // namespace

DS_DEFINE_KERNEL(cast_bf16_generic, CastShape, rowTiles, castRows)

} // namespace ds::kernels
