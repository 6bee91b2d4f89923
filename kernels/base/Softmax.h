// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One page of scores more in a running softmax, in f32. The order of the sum
// depends on the number of keys of the page alone.
#pragma once
#include "kernels/base/Math.h"
#include "kernels/base/Matrix.h"
#include "kernels/base/RunningSoftmax.h"
#include "kernels/base/Simd.h"
#include "kernels/base/Workspace.h"

namespace ds::kernels {
namespace {

/// Turns `count` scores into weights exp(scale * score - largest); `scores` has
/// room for paddedColumns(count). Returns the factor of older sums.
[[clang::always_inline]] inline float
addPage(RunningSoftmax &softmax, float *scores, uint32_t count, float scale) {
  const uint32_t padded = ceilDiv(count, kLanes) * kLanes;
  for (uint32_t i = 0; i < count; ++i)
    scores[i] *= scale;
  for (uint32_t i = count; i < padded; ++i)
    scores[i] = kMinusInfinity;

  Floats lanes = softmax.largest;
  for (uint32_t i = 0; i < padded; i += kLanes) {
    Floats score = load(scores + i);
    lanes = score > lanes ? score : lanes; // passes NaN over
  }
  float largest = softmax.largest;
  for (uint32_t i = 0; i < kLanes; ++i)
    largest = lanes[i] > largest ? lanes[i] : largest;

  for (uint32_t i = 0; i < padded; ++i)
    scores[i] = exponential(scores[i] - largest);
  Floats sum = 0;
  for (uint32_t i = 0; i < padded; i += kLanes)
    sum += load(scores + i);

  float factor = exponential(softmax.largest - largest);
  softmax.sum = softmax.sum * factor + sumOfLanes(sum);
  softmax.largest = largest;
  return factor;
}

/// to[i] *= factor.
[[clang::always_inline]] inline void multiplyBy(float factor, float *to,
                                                uint32_t count) {
  for (uint32_t i = 0; i < count; ++i)
    to[i] *= factor;
}

/// to[i] = A(sums[i] / softmax.sum).
template <class A>
[[clang::always_inline]] inline void normalize(const RunningSoftmax &softmax,
                                               const float *sums, A *to,
                                               uint32_t count) {
  const Floats inverse = 1 / softmax.sum;
  for (uint32_t i = 0; i < count; i += kLanes)
    store(to + i, load(sums + i, count - i) * inverse, count - i);
}

} // namespace
} // namespace ds::kernels
