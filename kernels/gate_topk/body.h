// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The body, which gate_plan shares.
#pragma once
#include "kernels/base/Math.h"
#include "kernels/base/Ranked.h"
#include "kernels/base/Row.h"
#include "kernels/base/Types.h"
#include "kernels/gate_topk/gate_topk.h"

namespace ds::kernels {

/// The first of `count` scores that stands after `previous`; the first of all
/// where isFirst.
[[clang::always_inline]] inline Ranked next(const float *scores, uint32_t count,
                                            bool isFirst, Ranked previous) {
  Ranked best = {0, count};
  for (uint32_t i = 0; i < count; ++i) {
    Ranked here = {scores[i], i};
    if ((isFirst || isBefore(previous, here)) &&
        (best.index == count || isBefore(here, best)))
      best = here;
  }
  return best;
}

/// s = sigmoid(z), or softmax(z) with its sum taken in the order of experts.
[[clang::always_inline]] inline void score(const GateTopkShape &shape,
                                           const float *z, float *s) {
  if (shape.scoring == 0) {
    for (uint32_t e = 0; e < shape.experts; ++e)
      s[e] = sigmoid(z[e]);
    return;
  }
  float largest = z[0], sum = 0;
  for (uint32_t e = 1; e < shape.experts; ++e)
    largest = z[e] > largest ? z[e] : largest;
  for (uint32_t e = 0; e < shape.experts; ++e) {
    s[e] = exponential(z[e] - largest);
    sum += s[e];
  }
  for (uint32_t e = 0; e < shape.experts; ++e)
    s[e] /= sum;
}

/// Sets c to -infinity in all but the best groups.
[[clang::always_inline]] inline void keepGroups(const GateTopkShape &shape,
                                                float *c, float *groupScores) {
  uint32_t width = shape.experts / shape.groups;
  for (uint32_t g = 0; g < shape.groups; ++g) {
    float first = kMinusInfinity, second = kMinusInfinity;
    for (uint32_t e = g * width; e < (g + 1) * width; ++e) {
      second = c[e] > first ? first : c[e] > second ? c[e] : second;
      first = c[e] > first ? c[e] : first;
    }
    bool sumOfTwo = shape.groupScore == 0 && width > 1;
    groupScores[g] = sumOfTwo ? first + second : first;
  }
  Ranked last = {};
  for (uint32_t k = 0; k < shape.topkGroups; ++k)
    last = next(groupScores, shape.groups, k == 0, last);
  for (uint32_t g = 0; g < shape.groups; ++g)
    if (isBefore(last, {groupScores[g], g}))
      for (uint32_t e = g * width; e < (g + 1) * width; ++e)
        c[e] = kMinusInfinity;
}

[[clang::always_inline]] inline void chooseExperts(const GateTopkShape &shape,
                                                   const Call &call,
                                                   uint32_t tileBegin,
                                                   uint32_t tileEnd) {
  auto *logits = operand<const float>(call, 0);
  auto *s = static_cast<float *>(call.workspace);
  float *c = s + shape.experts, *groupScores = c + shape.experts;
  for (uint32_t t = tileBegin; t < tileEnd; ++t) {
    auto *ids = rowOf(operand<uint32_t>(call, 1), t, shape.topk);
    auto *weights = rowOf(operand<float>(call, 2), t, shape.topk);
    score(shape, rowOf(logits, t, shape.experts), s);
    bool isNaN = false;
    for (uint32_t e = 0; e < shape.experts; ++e) {
      float bias = 0;
      if (shape.bias != 0) {
        auto *from = operand<const void>(call, 3);
        bias = shape.bias == 1 ? unaligned<float>(from, e)
                               : toFloat(unaligned<bf16>(from, e));
      }
      c[e] = s[e] + bias;
      isNaN |= c[e] != c[e];
    }
    if (isNaN) {
      for (uint32_t k = 0; k < shape.topk; ++k) {
        ids[k] = k;
        weights[k] = __builtin_nanf("");
      }
      continue;
    }
    if (shape.groups > 1 && shape.topkGroups < shape.groups)
      keepGroups(shape, c, groupScores);
    Ranked last = {};
    float sum = 0;
    for (uint32_t k = 0; k < shape.topk; ++k) {
      last = next(c, shape.experts, k == 0, last);
      ids[k] = last.index;
      weights[k] = s[last.index];
      sum += weights[k];
    }
    for (uint32_t k = 0; k < shape.topk; ++k) {
      if (shape.normalize != 0)
        weights[k] /= sum + 1e-20f;
      weights[k] *= shape.scale;
    }
  }
}

} // namespace ds::kernels
