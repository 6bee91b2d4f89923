// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The functions that kernels would otherwise take from a mathematics library:
// the same bits on every CPU, in order or in a vectorised loop. Free of
// branches and tables, so that loops over them vectorise.
#pragma once
#include "kernels/base/Inline.h"
#include <stdint.h>

namespace ds::kernels {

inline constexpr float kMinusInfinity = __builtin_bit_cast(float, 0xff800000);

/// a * b + c, rounded once.
DS_INLINE float fusedMultiplyAdd(float a, float b, float c) {
#if defined(__CUDACC__)
  return ::fmaf(a, b, c);
#elif !defined(__clang__) // a host compiler beside nvcc
  return __builtin_fmaf(a, b, c);
#else
  return __builtin_elementwise_fma(a, b, c);
#endif
}
DS_INLINE double fusedMultiplyAdd(double a, double b, double c) {
#if defined(__CUDACC__)
  return ::fma(a, b, c);
#elif !defined(__clang__)
  return __builtin_fma(a, b, c);
#else
  return __builtin_elementwise_fma(a, b, c);
#endif
}

/// 2^exponent, which must be that of a normal number.
DS_INLINE float powerOfTwo(int32_t exponent) {
  return __builtin_bit_cast(float, uint32_t(exponent + 127) << 23);
}

/// e^x to 1 ulp, subnormal results included. 0 for x < -104, infinity from
/// 88.73 on; a NaN stays a NaN.
DS_INLINE float exponential(float x) {
  // Beyond these the result is 0 or infinity; NaN passes both selections.
  x = x < -104.0f ? -104.0f : x;
  x = x > 89.0f ? 89.0f : x;
  // x = n ln 2 + r, |r| <= ln(2) / 2. Adding 1.5 * 2^23 rounds to an integer
  // and leaves it in the low bits; a conversion of NaN would be undefined.
  // The first part of ln 2 has 15 bits: n times it, and the difference, are
  // exact.
  const float kRound = 0x1.8p23f;
  float shifted = fusedMultiplyAdd(x, 0x1.715476p0f, kRound);
  float n = shifted - kRound;
  float r = fusedMultiplyAdd(n, -0x1.62e4p-1f, x);
  r = fusedMultiplyAdd(n, -0x1.7f7d1cp-20f, r);
  // (e^r - 1 - r) / r^2, interpolated at the six Chebyshev nodes; what is left
  // is below 2^-30 of e^r.
  float p = 0x1.a12516p-13f;
  p = fusedMultiplyAdd(p, r, 0x1.6d434ep-10f);
  p = fusedMultiplyAdd(p, r, 0x1.1110ep-7f);
  p = fusedMultiplyAdd(p, r, 0x1.5554e8p-5f);
  p = fusedMultiplyAdd(p, r, 0x1.555556p-3f);
  p = fusedMultiplyAdd(p, r, 0x1.p-1f);
  p = fusedMultiplyAdd(p, r * r, r) + 1.0f;
  // 2^n in two normal factors; only the last product rounds.
  uint32_t bits = __builtin_bit_cast(uint32_t, shifted);
  int32_t exponent = int32_t(bits << 10) >> 10;
  int32_t half = exponent >> 1;
  return p * powerOfTwo(half) * powerOfTwo(exponent - half);
}

/// 1 / (1 + e^-x).
DS_INLINE float sigmoid(float x) { return 1.0f / (1.0f + exponential(-x)); }

/// x / (1 + e^-x); -0 for x below -89.
DS_INLINE float silu(float x) { return x / (1.0f + exponential(-x)); }

struct SinCos {
  float sin, cos;
};

/// Below 0.51 ulp for |x| < 2^24; a NaN or an infinity gives NaN.
DS_INLINE SinCos sincos(float angle) {
  // angle = n pi/2 + r, |r| <= pi/4. pi/2 is held to 107 bits; the first fma
  // is rounded relative to its small result, so r keeps at least 48 good bits
  // however near a multiple of pi/2 a float lies.
  const double kRound = 0x1.8p52;
  double x = angle;
  double shifted = fusedMultiplyAdd(x, 0x1.45f306dc9c883p-1, kRound);
  double n = shifted - kRound;
  double r = fusedMultiplyAdd(n, -0x1.921fb54442d18p0, x);
  r = fusedMultiplyAdd(n, -0x1.1a62633145c07p-54, r);
  double square = r * r;
  // Taylor to r^11 and r^12: the rest is below 2^-36.
  double s = -0x1.ae64567f544e4p-26;                      // -1 / 11!
  s = fusedMultiplyAdd(s, square, 0x1.71de3a556c734p-19); // 1 / 9!
  s = fusedMultiplyAdd(s, square, -0x1.a01a01a01a01ap-13);
  s = fusedMultiplyAdd(s, square, 0x1.1111111111111p-7);
  s = fusedMultiplyAdd(s, square, -0x1.5555555555555p-3);
  s = fusedMultiplyAdd(s * square, r, r);
  double c = 0x1.1eed8eff8d898p-29;                        // 1 / 12!
  c = fusedMultiplyAdd(c, square, -0x1.27e4fb7789f5cp-22); // -1 / 10!
  c = fusedMultiplyAdd(c, square, 0x1.a01a01a01a01ap-16);
  c = fusedMultiplyAdd(c, square, -0x1.6c16c16c16c17p-10);
  c = fusedMultiplyAdd(c, square, 0x1.5555555555555p-5);
  c = fusedMultiplyAdd(c, square, -0.5);
  c = fusedMultiplyAdd(c, square, 1.0);
  // Quadrant: (s, c), (c, -s), (-s, -c), (-c, s).
  uint64_t quadrant = __builtin_bit_cast(uint64_t, shifted);
  bool odd = quadrant & 1;
  double sine = odd ? c : s, cosine = odd ? s : c;
  sine = quadrant & 2 ? -sine : sine;
  cosine = (quadrant + 1) & 2 ? -cosine : cosine;
  return {float(sine), float(cosine)};
}

} // namespace ds::kernels
