// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernels/base/Row.h"
#include "kernels/combine/combine.h"

namespace ds::kernels {
namespace {

[[clang::always_inline]] inline void combineExperts(const CombineShape &shape,
                                                    const Call &call,
                                                    uint32_t tileBegin,
                                                    uint32_t tileEnd) {
  auto *y = operand<const float>(call, 0);
  auto *slotOf = operand<const uint32_t>(call, 1);
  auto *weights = operand<const float>(call, 2);
  const bool isInput = shape.shared == 1;
  auto *delta = operand<float>(call, isInput ? 4 : 3);
  for (uint32_t t = tileBegin; t < tileEnd; ++t) {
    auto *out = rowOf(delta, t, shape.hidden);
    auto *slots = rowOf(slotOf, t, combineSlots(shape));
    const float *shared =
        isInput        ? rowOf(operand<const float>(call, 3), t, shape.hidden)
        : shape.shared ? rowOf(y, slots[shape.topk], shape.hidden)
                       : nullptr;
    for (uint32_t i = 0; i < shape.hidden; ++i)
      out[i] = shape.shared ? shared[i] : 0.0f;
    for (uint32_t k = 0; k < shape.topk; ++k) {
      float weight = rowOf(weights, t, shape.topk)[k];
      auto *in = rowOf(y, slots[k], shape.hidden);
      for (uint32_t i = 0; i < shape.hidden; ++i)
        out[i] += weight * in[i];
    }
  }
}

} // namespace

DS_DEFINE_KERNEL(combine_f32_generic, CombineShape, tokenTiles, combineExperts)

} // namespace ds::kernels
