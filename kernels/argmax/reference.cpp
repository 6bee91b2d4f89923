// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernels/argmax/argmax.h"
#include "kernels/base/Row.h"

namespace ds::kernels {
namespace {

[[clang::always_inline]] inline uint32_t rowTiles(const ArgmaxShape &shape,
                                                  const Batch &batch) {
  return shape.headRows ? batch.rows : batch.tokens;
}

[[clang::always_inline]] inline void findLargest(const ArgmaxShape &shape,
                                                 const Call &call,
                                                 uint32_t tileBegin,
                                                 uint32_t tileEnd) {
  auto *index = operand<uint32_t>(call, 1);
  for (uint32_t row = tileBegin; row < tileEnd; ++row) {
    auto *x = rowOf(operand<const float>(call, 0), row, shape.n);
    uint32_t best = 0;
    bool holdsNaN = false;
    for (uint32_t i = 0; i < shape.n; ++i) {
      best = x[i] > x[best] ? i : best;
      holdsNaN |= x[i] != x[i];
    }
    index[row] = holdsNaN ? kNoColumn : best;
  }
}

} // namespace

DS_DEFINE_KERNEL(argmax_f32_generic, ArgmaxShape, rowTiles, findLargest)

} // namespace ds::kernels
