// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One element of a linear's result by the formula, for the reference rows: a
// sum in double, in the order of the columns, rounded once.
#pragma once
#include "kernels/base/Matrix.h"
#include "kernels/base/Quantize.h"

namespace ds::kernels {

/// Rows of activations as a linear takes them: f32, or codes with scales.
template <class A>
struct Vectors {
  const A *rows;
  const float *scales; // of codes: [rows, scaleGroups(in)]
  uint32_t in;

  /// Those whose operands begin at `operands`.
  [[clang::always_inline]] static Vectors at(const void *const *operands,
                                             uint32_t in) {
    const void *scales = kActivationOperands<A> == 2 ? operands[1] : nullptr;
    return {static_cast<const A *>(operands[0]),
            static_cast<const float *>(scales), in};
  }

  /// Row r times row o of w.
  template <class W>
  [[clang::always_inline]] float dot(uint32_t r, const Matrix<W> &w,
                                     uint32_t o) const {
    const A *x = rows + size_t(r) * in;
    double sum = 0;
    for (uint32_t i = 0; i < in; ++i)
      sum += w.value(o, i) * x[i];
    return float(sum);
  }
};

/// Codes times codes: exact within a group, whose sum takes both factors then.
template <>
template <>
[[clang::always_inline]] inline float
Vectors<f8e4m3fn>::dot(uint32_t r, const Matrix<f8e4m3fn> &w,
                       uint32_t o) const {
  const f8e4m3fn *x = rows + size_t(r) * in, *y = w.row(o);
  const float *scale = scales + size_t(r) * scaleGroups(in);
  double sum = 0;
  for (uint32_t begin = 0; begin < in; begin += kScaleGroup) {
    const uint32_t end = in - begin < kScaleGroup ? in : begin + kScaleGroup;
    double products = 0;
    for (uint32_t i = begin; i < end; ++i)
      products += double(toFloat(x[i])) * toFloat(y[i]);
    sum += products * (double(scale[begin / kScaleGroup]) * w.factor(o, begin));
  }
  return float(sum);
}

} // namespace ds::kernels
