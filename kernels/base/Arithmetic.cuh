// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Arithmetic and conversions of single values on a CUDA device, with the same
// bits in emulation. Kernels include Ptx.cuh, which has this too.
#pragma once
#include "kernels/base/Inline.h"
#include "kernels/base/Math.h"
#include "kernels/base/Types.h"
#if DS_EMULATED
#include "kernels/emu/Device.h"
#endif

namespace ds::kernels::cuda {

//===-- Arithmetic, rounded to nearest even, never fused silently ---------===//

DS_DEVICE float fma(float a, float b, float c) {
#if DS_EMULATED
  return fusedMultiplyAdd(a, b, c);
#else
  return __fmaf_rn(a, b, c);
#endif
}
DS_DEVICE float add(float a, float b) {
#if DS_EMULATED
  return a + b;
#else
  return __fadd_rn(a, b);
#endif
}
DS_DEVICE float sub(float a, float b) {
#if DS_EMULATED
  return a - b;
#else
  return __fsub_rn(a, b);
#endif
}
DS_DEVICE float mul(float a, float b) {
#if DS_EMULATED
  return a * b;
#else
  return __fmul_rn(a, b);
#endif
}
DS_DEVICE float divide(float a, float b) {
#if DS_EMULATED
  return a / b;
#else
  return __fdiv_rn(a, b);
#endif
}
DS_DEVICE float squareRoot(float x) {
#if DS_EMULATED
  return __builtin_elementwise_sqrt(x);
#else
  return __fsqrt_rn(x);
#endif
}
/// 1 / sqrt(x), each of the two rounded: not rsqrt.approx, so exact here too.
DS_DEVICE float reciprocalSquareRoot(float x) {
  return divide(1.0f, squareRoot(x));
}
/// 2^x by the hardware's approximation (2 ulp); the emulation rounds correctly,
/// so results differ between the two.
DS_DEVICE float exp2Approx(float x) {
#if DS_EMULATED
  return emu::exp2(x);
#else
  float result;
  asm("ex2.approx.f32 %0, %1;" : "=f"(result) : "f"(x));
  return result;
#endif
}
/// e^x to 1 ulp, the same bits on CPU, device and emulation.
DS_DEVICE float exponential(float x) { return kernels::exponential(x); }
DS_DEVICE float absolute(float x) {
  return __builtin_bit_cast(float,
                            __builtin_bit_cast(uint32_t, x) & 0x7fffffff);
}
DS_DEVICE bool isNaN(float x) {
  return (__builtin_bit_cast(uint32_t, x) & 0x7fffffff) > 0x7f800000;
}
/// The larger; the other operand where one is NaN; +0 is larger than -0.
DS_DEVICE float maximum(float a, float b) {
#if DS_EMULATED
  if (a == b)
    return __builtin_bit_cast(float, __builtin_bit_cast(uint32_t, a) &
                                         __builtin_bit_cast(uint32_t, b));
  return isNaN(b) || a > b ? a : b;
#else
  return ::fmaxf(a, b);
#endif
}

/// How many bits are set.
DS_DEVICE uint32_t bitCount(uint32_t bits) {
#if DS_EMULATED
  return uint32_t(__builtin_popcount(bits));
#else
  return uint32_t(__popc(bits));
#endif
}

//===-- Conversions -------------------------------------------------------===//

/// Two words, as instructions take them.
struct alignas(8) Vector8 {
  uint32_t word[2];
};
/// Four words.
struct alignas(16) Vector16 {
  uint32_t word[4];
};

/// `low` in bits 0 .. 15.
DS_DEVICE uint32_t packBF16(bf16 low, bf16 high) {
  return uint32_t(low.bits) | uint32_t(high.bits) << 16;
}
/// Rounds as toBF16; of a NaN, only that it is one is the same everywhere.
DS_DEVICE uint32_t packBF16(float low, float high) {
#if DS_EMULATED
  return packBF16(toBF16(low), toBF16(high));
#else
  uint32_t pair;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(high), "f"(low));
  return pair;
#endif
}
/// The float in bits 0 .. 15, exact.
DS_DEVICE float lowBF16(uint32_t pair) {
  return __builtin_bit_cast(float, pair << 16);
}
/// The float in bits 16 .. 31, exact.
DS_DEVICE float highBF16(uint32_t pair) {
  return __builtin_bit_cast(float, pair & 0xffff0000);
}

/// Multiplies two bf16 that are 0, subnormal or below 2^-111 by 2^120, exact.
DS_DEVICE uint32_t scaleUpBF16(uint32_t pair) {
#if DS_EMULATED
  uint32_t result = 0;
  for (uint32_t shift = 0; shift < 32; shift += 16) {
    uint32_t half = pair >> shift & 0x7fff, sign = pair >> shift & 0x8000;
    // A subnormal is half * 2^-133.
    half = half & 0x7f80
               ? half + (120 << 7)
               : __builtin_bit_cast(uint32_t, float(half) * 0x1p-13f) >> 16;
    result |= (sign | half) << shift;
  }
  return result;
#else
  // -0 keeps the sign of a zero product.
  asm("fma.rn.bf16x2 %0, %0, %1, %2;"
      : "+r"(pair)
      : "r"(0x7b807b80), "r"(0x80008000));
  return pair;
#endif
}

/// The four f8e4m3fn codes in `codes`, lowest byte first, as bf16: word 0 has
/// the first two. Exact for every code; NaN becomes 0x7fc0 with its sign.
DS_DEVICE Vector8 decode4(uint32_t codes) {
  // Exponent and mantissa of a code, put in the low bits of those fields of a
  // bf16, are 2^-120 of its value, subnormals included. Only NaN is taken for
  // 480 (0x43f0).
  const uint32_t nan = ((codes & 0x7f7f7f7f) + 0x01010101) & 0x80808080;
  Vector8 result;
  for (uint32_t i = 0; i < 2; ++i) {
    const uint32_t two = codes >> (16 * i);
    const uint32_t spread = (two & 0xff) << 8 | (two & 0xff00) << 16;
    const uint32_t small = (spread & 0x80008000) | (spread & 0x7f007f00) >> 4;
    const uint32_t flag = nan >> (16 * i);
    const uint32_t nans = (flag >> 7 & 1) | (flag << 1 & 0x10000);
    result.word[i] = scaleUpBF16(small) ^ nans * (0x43f0 ^ 0x7fc0);
  }
  return result;
}
/// The two codes in bits 0 .. 15 of `codes`.
DS_DEVICE uint32_t decode2(uint32_t codes) {
  return decode4(codes & 0xffff).word[0];
}

/// toF8E4M3 of four values, the first in the lowest byte.
DS_DEVICE uint32_t encode4(float a, float b, float c, float d) {
#if !DS_EMULATED && __CUDA_ARCH__ >= 890
  // NaN becomes 0x7f, whatever its sign. The second source is the low byte.
  uint16_t low, high;
  asm("cvt.rn.satfinite.e4m3x2.f32 %0, %1, %2;" : "=h"(low) : "f"(b), "f"(a));
  asm("cvt.rn.satfinite.e4m3x2.f32 %0, %1, %2;" : "=h"(high) : "f"(d), "f"(c));
  return uint32_t(low) | uint32_t(high) << 16;
#else
  return uint32_t(toF8E4M3(a).bits) | uint32_t(toF8E4M3(b).bits) << 8 |
         uint32_t(toF8E4M3(c).bits) << 16 | uint32_t(toF8E4M3(d).bits) << 24;
#endif
}

} // namespace ds::kernels::cuda
