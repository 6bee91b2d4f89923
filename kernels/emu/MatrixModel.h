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

struct Decoded {
  float value;
  int32_t exponent;
  bool steep; // see Factors
};

inline Decoded decodeBF16(uint16_t bits) {
  const int32_t biased = bits >> 7 & 0xff;
  const float value = kernels::toFloat(kernels::bf16{bits});
  if ((bits & 0x7fff) == 0)
    return {value, kZeroExponent, false};
  return {value, (biased ? biased : 1) - 127, biased < 77 || biased > 177};
}

/// All codes; exponents of subnormals are -6.
struct F8Table {
  Decoded codes[256];
  F8Table() {
    for (unsigned code = 0; code < 256; ++code) {
      const int32_t biased = code >> 3 & 0xf;
      const float value = kernels::toFloat(kernels::f8e4m3fn{uint8_t(code)});
      const bool zero = (code & 0x7f) == 0;
      codes[code] = {value, zero ? kZeroExponent : (biased ? biased : 1) - 7,
                     (code & 0x7f) == 0x7f};
    }
  }
};
inline Decoded decodeF8(uint8_t bits) {
  static const F8Table table;
  return table.codes[bits];
}

} // namespace ds::emu
