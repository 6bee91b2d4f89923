// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The element types of activations and weights, and their exact conversions.
// Weights lie at any byte of a checkpoint: bf16 and f8e4m3fn have alignment 1,
// anything wider is read with `unaligned`.
#pragma once
#include "kernels/base/Inline.h"
#include <stddef.h>
#include <stdint.h>

namespace ds::kernels {

/// The upper half of an IEEE binary32.
struct DS_PACKED bf16 {
  uint16_t bits;
};

/// 1 sign, 4 exponent (bias 7), 3 mantissa bits; no infinities, NaN is 0x7f
/// and 0xff (OCP FP8, e4m3).
struct f8e4m3fn {
  uint8_t bits;
};

DS_INLINE constexpr float toFloat(float value) { return value; }

/// Exact.
DS_INLINE constexpr float toFloat(bf16 value) {
  return __builtin_bit_cast(float, uint32_t(value.bits) << 16);
}

/// Rounds to nearest, ties to even; a NaN stays a NaN with its sign.
DS_INLINE constexpr bf16 toBF16(float value) {
  uint32_t bits = __builtin_bit_cast(uint32_t, value);
  if ((bits & 0x7fffffff) > 0x7f800000)
    return {uint16_t(bits >> 16 | 0x40)};
  return {uint16_t((bits + 0x7fff + (bits >> 16 & 1)) >> 16)};
}

/// Exact: every e4m3 value is zero, NaN or a normal bf16 number.
DS_INLINE constexpr bf16 toBF16(f8e4m3fn value) {
  unsigned sign = value.bits >> 7, magnitude = value.bits & 0x7f;
  unsigned exponent = magnitude >> 3, mantissa = magnitude & 7;
  unsigned bits = 0;
  if (magnitude == 0x7f) {
    bits = 0x7fc0;
  } else if (exponent != 0) {
    bits = (exponent + 127 - 7) << 7 | mantissa << 4;
  } else if (mantissa != 0) {
    // mantissa * 2^-9, its leading one moved out of the mantissa field.
    unsigned top = mantissa >= 4 ? 2 : mantissa >= 2 ? 1 : 0;
    bits = (top + 127 - 9) << 7 | ((mantissa << (7 - top)) & 0x7f);
  }
  return {uint16_t(sign << 15 | bits)};
}

/// Exact.
DS_INLINE constexpr float toFloat(f8e4m3fn value) {
  return toFloat(toBF16(value));
}

/// Rounds to nearest, ties to even; what rounds to more than 448, infinities
/// too, becomes 448 with its sign. NaN is 0x7f, whatever its sign, as the
/// conversion of GPUs has it.
DS_INLINE constexpr f8e4m3fn toF8E4M3(float value) {
  uint32_t bits = __builtin_bit_cast(uint32_t, value);
  uint32_t sign = bits >> 24 & 0x80, magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000)
    return {0x7f};
  if (magnitude >= 0x43e00000) // 448
    return {uint8_t(sign | 0x7e)};
  if (magnitude < 0x3c800000) { // 2^-6: below it the step is 2^-9
    // 2^14 has that step; adding it rounds, and leaves the steps in its low
    // bits.
    float shifted = __builtin_bit_cast(float, magnitude) + 0x1p14f;
    return {uint8_t(sign | (__builtin_bit_cast(uint32_t, shifted) & 0xff))};
  }
  // 20 of 23 bits go; a carry out of the mantissa steps the exponent.
  magnitude += 0x7ffff + (magnitude >> 20 & 1);
  return {uint8_t(sign | ((magnitude >> 20) - ((127 - 7) << 3)))};
}

DS_INLINE constexpr void store(float *to, float value) { *to = value; }
/// Rounds once.
DS_INLINE constexpr void store(bf16 *to, float value) { *to = toBF16(value); }

/// The value at `from[index]`, wherever it lies.
template <class T>
DS_INLINE T unaligned(const void *from, size_t index = 0) {
  T value;
#ifdef __CUDACC__
  const char *bytes = static_cast<const char *>(from) + index * sizeof(T);
  for (size_t i = 0; i < sizeof(T); ++i)
    reinterpret_cast<char *>(&value)[i] = bytes[i];
#else
  __builtin_memcpy(&value, static_cast<const char *>(from) + index * sizeof(T),
                   sizeof(T));
#endif
  return value;
}

} // namespace ds::kernels
