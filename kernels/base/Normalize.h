// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RMS normalisation of one row (model-spec 1.4), the part that rms_norm,
// add_rms_norm, head_norm and latent_append share.
#pragma once
#include "kernels/base/Types.h"

namespace ds::kernels {

/// mean(x * x) in double, element after element.
struct PlainOrder {
  [[clang::always_inline]] static float meanSquare(const float *x, uint32_t n) {
    double sum = 0;
    for (uint32_t i = 0; i < n; ++i)
      sum += double(x[i]) * x[i];
    return float(sum / n);
  }
};

#ifdef __clang__ // whose vectors they are; other compilers take the reference
/// mean(x * x) in f32: lane l of 16 sums x[l], x[l + 16], … with fused
/// multiply-adds, then lane l + 8 is added to l, l + 4 to l, and so on.
struct LaneOrder {
  typedef float Lanes __attribute__((ext_vector_type(16)));

  [[clang::always_inline]] static float meanSquare(const float *x, uint32_t n) {
    Lanes sum = 0;
    uint32_t i = 0;
    for (; i + 16 <= n; i += 16) {
      Lanes lanes;
      __builtin_memcpy(&lanes, x + i, sizeof lanes);
      sum = __builtin_elementwise_fma(lanes, lanes, sum);
    }
    Lanes rest = 0;
    for (uint32_t lane = 0; i < n; ++i, ++lane)
      rest[lane] = x[i];
    sum = __builtin_elementwise_fma(rest, rest, sum);
    auto eight = sum.lo + sum.hi;
    auto four = eight.lo + eight.hi;
    auto two = four.lo + four.hi;
    return (two.x + two.y) / float(n);
  }
};
#endif

/// y[i] = A(x[i] / sqrt(mean(x * x) + eps) * gain[i]), gain bf16 at any byte.
template <class Order, class A>
[[clang::always_inline]] inline void normalize(const float *x, const void *gain,
                                               uint32_t n, float eps, A *y) {
  float factor = 1.0f / __builtin_sqrtf(Order::meanSquare(x, n) + eps);
  for (uint32_t i = 0; i < n; ++i)
    store(y + i, x[i] * factor * toFloat(unaligned<bf16>(gain, i)));
}

} // namespace ds::kernels
