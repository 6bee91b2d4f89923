// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Quantisation of a group of columns by a warp, as Quantize.h has it on the CPU
// and with its bits: a maximum has no order, and each code comes from one
// division and one rounding.
#pragma once
#include "kernels/base/Quad.cuh"
#include "kernels/base/Quantize.h"

namespace ds::kernels::cuda {

static_assert(kScaleGroup == kWarpLanes * kQuadColumns);

/// The scale of the group of which each lane holds a quad, in every lane.
DS_DEVICE float groupScaleOf(const Quad &x, uint32_t scaleFormat) {
  // Without the sign, bits order magnitudes, infinity above all numbers and NaN
  // above infinity.
  uint32_t largest = 0;
  auto take = [&](uint32_t bits) { largest = bits > largest ? bits : largest; };
  for (uint32_t i = 0; i < kQuadColumns; ++i)
    take(__builtin_bit_cast(uint32_t, absolute(x.lane[i])));
  for (uint32_t mask = kWarpLanes / 2; mask != 0; mask /= 2)
    take(shuffleXor(largest, mask));
  return groupScale(__builtin_bit_cast(float, largest), scaleFormat);
}

/// Codes of a group, and its scale, of a row of n columns. The lane's quad
/// begins at column `at`; it is zeros where that is n or more.
DS_DEVICE void quantizeGroup(const Quad &x, uint32_t at, uint32_t n,
                             uint32_t scaleFormat, f8e4m3fn *codes,
                             float *scales) {
  const float scale = groupScaleOf(x, scaleFormat);
  if (at % kScaleGroup == 0)
    scales[at / kScaleGroup] = scale;
  const uint32_t word =
      encode4(divide(x.lane[0], scale), divide(x.lane[1], scale),
              divide(x.lane[2], scale), divide(x.lane[3], scale));
  if (areWhole(n)) {
    if (at < n)
      store4(codes + at, word);
    return;
  }
  for (uint32_t i = 0; i < kQuadColumns; ++i)
    if (at + i < n)
      codes[at + i].bits = uint8_t(word >> 8 * i);
}

} // namespace ds::kernels::cuda
