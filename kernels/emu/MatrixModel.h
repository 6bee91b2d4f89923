// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which model of DotAdd.h an architecture's matrix instruction follows, and
// how its factors are read.
#pragma once
#include "kernels/base/Types.h"
#include "kernels/emu/DotAdd.h"
#include "kernels/emu/Launch.h"

namespace ds::emu {

/// bf16: 24 bits behind the point and 8 products at once up to sm_89, 25 bits
/// and 16 products after it.
inline SumModel sumModelBF16(const Options &options) {
  const bool early = options.architecture <= Architecture::SM89;
  return {early ? 24u : 25u, 23, early ? 8u : 16u,
          options.arithmetic == Arithmetic::Exact};
}
/// f8e4m3fn on sm_89 and sm_90a: 13 bits, and a sum of 13 bits; sm_89 takes
/// 16 products at once, wgmma 32.
inline SumModel sumModelF8(const Options &options) {
  const bool early = options.architecture <= Architecture::SM89;
  return {13, 13, early ? 16u : 32u, options.arithmetic == Arithmetic::Exact};
}

/// A factor, its exponent, and what Factors says of it. A NaN has the value 0.
struct Decoded {
  float value;
  int32_t exponent;
  int32_t steep, nan;
};

[[clang::always_inline]] inline Decoded decode(uint16_t bits) {
  const int32_t biased = bits >> 7 & 0xff;
  const bool nan = (bits & 0x7fff) > 0x7f80;
  const bool zero = (bits & 0x7fff) == 0 || nan;
  return {__builtin_bit_cast(float, nan ? 0 : uint32_t(bits) << 16),
          zero ? kZeroExponent : (biased ? biased : 1) - 127,
          !nan && biased > 177, nan};
}

/// All codes of f8e4m3fn; the exponent of subnormals is -6.
struct F8Table {
  Decoded codes[256] = {};
  constexpr F8Table() {
    for (unsigned code = 0; code < 256; ++code) {
      const int32_t biased = code >> 3 & 0xf;
      const bool nan = (code & 0x7f) == 0x7f;
      const bool zero = (code & 0x7f) == 0 || nan;
      codes[code] = {nan ? 0
                         : kernels::toFloat(kernels::f8e4m3fn{uint8_t(code)}),
                     zero ? kZeroExponent : (biased ? biased : 1) - 7, 0, nan};
    }
  }
};
inline constexpr F8Table kF8Table;
[[clang::always_inline]] inline Decoded decode(uint8_t bits) {
  return kF8Table.codes[bits];
}

template <class Code, uint32_t kProducts>
void Factors::setA(const Code (&codes)[16][kProducts]) {
  int32_t steeps = 0;
  for (uint32_t row = 0; row < 16; ++row) {
    int32_t nan = 0;
    for (uint32_t k = 0; k < kProducts; ++k) {
      const Decoded factor = decode(codes[row][k]);
      a[row][k] = factor.value;
      aExponent[row][k] = factor.exponent;
      steeps |= factor.steep;
      nan |= factor.nan;
    }
    aNaN[row] = nan;
  }
  steep |= steeps;
}

template <class Code, uint32_t kProducts>
void Factors::setB(const Code (&codes)[8][kProducts]) {
  int32_t steeps = 0, nans[8] = {};
  for (uint32_t k = 0; k < kProducts; ++k)
    for (uint32_t column = 0; column < 8; ++column) {
      const Decoded factor = decode(codes[column][k]);
      b[k][column] = factor.value;
      bExponent[k][column] = factor.exponent;
      steeps |= factor.steep;
      nans[column] |= factor.nan;
    }
  for (uint32_t column = 0; column < 8; ++column)
    bNaN[column] = nans[column];
  steep |= steeps;
}

} // namespace ds::emu
