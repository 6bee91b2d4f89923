// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Quantisation of activations: a row is cut into groups of 128 columns (the
// last may be shorter), each with one f32 scale; the value is code * scale
// (model-spec 1.9). The part that quantize and the fused families share, and
// the constants of their shapes.
#pragma once
#include "kernels/base/Inline.h"
#include "kernels/base/Matrix.h"
#include "kernels/base/Types.h"

namespace ds::kernels {

/// Columns that share a scale.
constexpr uint32_t kScaleGroup = 128;

/// Scales of a row.
DS_INLINE constexpr uint32_t scaleGroups(uint32_t columns) {
  return ceilDiv(columns, kScaleGroup);
}

/// Operands that activations of a contract's A take: the rows, then the scales
/// of codes.
template <class A>
constexpr uint32_t kActivationOperands = 1;
template <>
inline constexpr uint32_t kActivationOperands<f8e4m3fn> = 2;

/// The shape field scale_format: f32 as computed, or rounded up to a power of
/// two (ue8m0), still stored as f32.
enum ScaleFormat : uint32_t { kScaleF32, kScaleUE8M0 };

/// The scale of a group whose largest magnitude is `amax`: max(amax, 1e-4) /
/// 448, all in f32. Of NaN it is NaN, of an infinity it is infinite.
DS_INLINE constexpr float groupScale(float amax, uint32_t scaleFormat) {
  float scale = (amax < 1e-4f ? 1e-4f : amax) / 448.0f;
  if (scaleFormat == kScaleF32 || scale != scale)
    return scale;
  uint32_t bits = __builtin_bit_cast(uint32_t, scale);
  return __builtin_bit_cast(float, (bits + 0x007fffff) & 0x7f800000);
}

/// The larger of a group's magnitude so far and |x|; NaN once there is one.
DS_INLINE constexpr float largerMagnitude(float amax, float x) {
  const uint32_t bits = __builtin_bit_cast(uint32_t, x) & 0x7fffffff;
  const float magnitude = __builtin_bit_cast(float, bits);
  return magnitude > amax || magnitude != magnitude ? magnitude : amax;
}

/// e4m3(clamp(x / scale, -448, 448)), one division and one rounding. Never
/// x * (1 / scale), nor x * (448 / amax): they differ in the last bit, and that
/// decides ties.
DS_INLINE constexpr f8e4m3fn quantized(float x, float scale) {
  return toF8E4M3(x / scale); // which saturates
}

/// Codes and scales of one row. `values(i)` is asked for twice per column, i
/// rising.
template <class Values>
DS_INLINE void quantizeRow(Values &&values, uint32_t n, uint32_t scaleFormat,
                           f8e4m3fn *codes, float *scales) {
  for (uint32_t begin = 0; begin < n; begin += kScaleGroup) {
    const uint32_t end = n - begin < kScaleGroup ? n : begin + kScaleGroup;
    float amax = 0;
    for (uint32_t i = begin; i < end; ++i)
      amax = largerMagnitude(amax, values(i));
    const float scale = groupScale(amax, scaleFormat);
    scales[begin / kScaleGroup] = scale;
    for (uint32_t i = begin; i < end; ++i)
      codes[i] = quantized(values(i), scale);
  }
}

} // namespace ds::kernels
