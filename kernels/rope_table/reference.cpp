// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernels/base/Math.h"
#include "kernels/base/Row.h"
#include "kernels/base/Types.h"
#include "kernels/rope_table/rope_table.h"

namespace ds::kernels {
namespace {

[[clang::always_inline]] inline void tabulate(const RopeTableShape &shape,
                                              const Call &call,
                                              uint32_t tileBegin,
                                              uint32_t tileEnd) {
  auto *angles = operand<float>(call, 0);
  auto *frequency = operand<const void>(call, 1);
  for (uint32_t t = tileBegin; t < tileEnd; ++t) {
    auto *out = rowOf(angles, t, 2 * shape.pairs);
    float position = float(call.batch->positions[t]);
    for (uint32_t j = 0; j < shape.pairs; ++j) {
      SinCos turn = sincos(position * unaligned<float>(frequency, j));
      out[2 * j] = shape.attention * turn.cos;
      out[2 * j + 1] = shape.attention * turn.sin;
    }
  }
}

} // namespace

DS_DEFINE_KERNEL(rope_table_f32_generic, RopeTableShape, tokenTiles, tabulate)

} // namespace ds::kernels
