// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// f8e4m3fn and bf16 against their definitions.
#include "kernels/base/Arithmetic.cuh"
#include <bit>
#include <cmath>
#include <gtest/gtest.h>
#include <limits>

namespace ds::kernels::test {
namespace {

/// The value of a code by the format's definition.
double slowValue(unsigned code) {
  const int exponent = int(code >> 3 & 15), mantissa = int(code & 7);
  const double magnitude = exponent == 0
                               ? std::ldexp(mantissa, -9)
                               : std::ldexp(8 + mantissa, exponent - 10);
  return code & 0x80 ? -magnitude : magnitude;
}

/// The code by search: the nearest value, the even code of two that are, the
/// largest beyond all; NaN has no sign.
unsigned slowCode(float value) {
  if (std::isnan(value))
    return 0x7f;
  const double magnitude = std::fabs(double(value));
  unsigned best = 0;
  for (unsigned code = 1; code < 0x7f; ++code) {
    const double now = std::fabs(slowValue(code) - magnitude);
    const double before = std::fabs(slowValue(best) - magnitude);
    if (now < before || (now == before && code % 2 == 0))
      best = code;
  }
  return best | (std::signbit(value) ? 0x80 : 0);
}

void expectSameCode(float value) {
  ASSERT_EQ(unsigned(toF8E4M3(value).bits), slowCode(value))
      << std::hexfloat << value;
}

TEST(F8E4M3, EveryCodeHasItsValue) {
  for (unsigned code = 0; code < 256; ++code) {
    const float value = toFloat(f8e4m3fn{uint8_t(code)});
    if ((code & 0x7f) == 0x7f)
      EXPECT_TRUE(std::isnan(value));
    else
      EXPECT_EQ(double(value), slowValue(code)) << code;
  }
}

// Rounding is monotone, so what it does at every value, at every midpoint of
// two, and right beside both says what it does everywhere.
TEST(F8E4M3, RoundsToTheNearestOnEveryBoundary) {
  const float infinity = std::numeric_limits<float>::infinity();
  for (unsigned code = 0; code < 0x7f; ++code) {
    const double value = slowValue(code);
    const double next = code + 1 < 0x7f ? slowValue(code + 1) : 480;
    for (float middle : {float(value), float((value + next) / 2)})
      for (float sign : {1.0f, -1.0f})
        for (float at : {std::nextafter(middle, -infinity), middle,
                         std::nextafter(middle, infinity)})
          expectSameCode(sign * at);
  }
}

TEST(F8E4M3, RoundsEveryBF16) {
  for (unsigned bits = 0; bits < 0x10000; ++bits)
    expectSameCode(toFloat(bf16{uint16_t(bits)}));
}

TEST(F8E4M3, SaturatesAndKeepsNaN) {
  const float infinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(toF8E4M3(infinity).bits, 0x7e);
  EXPECT_EQ(toF8E4M3(-infinity).bits, 0xfe);
  EXPECT_EQ(toF8E4M3(3e38f).bits, 0x7e);
  EXPECT_EQ(toF8E4M3(-449).bits, 0xfe);
  EXPECT_EQ(toF8E4M3(-std::numeric_limits<float>::quiet_NaN()).bits, 0x7f);
  EXPECT_EQ(toF8E4M3(-0.0f).bits, 0x80);
}

TEST(F8E4M3, FourCodesAtOnceDecodeToTheSameBits) {
  for (unsigned code = 0; code < 256; ++code)
    for (unsigned place = 0; place < 4; ++place) {
      const unsigned other = (code * 37 + 11) & 0xff;
      uint32_t codes = other * 0x01010101;
      codes = (codes & ~(0xffu << 8 * place)) | code << 8 * place;
      const cuda::Vector8 pairs = cuda::decode4(codes);
      for (unsigned i = 0; i < 4; ++i) {
        const auto bits = uint16_t(pairs.word[i / 2] >> (16 * (i % 2)));
        const auto want = toBF16(f8e4m3fn{uint8_t(codes >> 8 * i)}).bits;
        ASSERT_EQ(bits, want) << std::hex << codes << " place " << i;
      }
      ASSERT_EQ(cuda::decode2(codes >> 16), pairs.word[1]);
    }
}

TEST(F8E4M3, FourValuesAtOnceEncodeInOrder) {
  EXPECT_EQ(cuda::encode4(1, -2, 448, 0), 0x007ec038u);
}

TEST(BF16, PairsPackLowFirst) {
  const uint32_t pair = cuda::packBF16(1.5f, -3.0f);
  EXPECT_EQ(pair, 0xc0403fc0u);
  EXPECT_EQ(cuda::lowBF16(pair), 1.5f);
  EXPECT_EQ(cuda::highBF16(pair), -3.0f);
}

TEST(Scalars, MaximumIsTheHardwares) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(cuda::maximum(1, 2), 2);
  EXPECT_EQ(cuda::maximum(nan, -2), -2);
  EXPECT_EQ(cuda::maximum(-2, nan), -2);
  EXPECT_TRUE(cuda::isNaN(cuda::maximum(nan, nan)));
  EXPECT_FALSE(std::signbit(cuda::maximum(-0.0f, 0.0f)));
  EXPECT_FALSE(std::signbit(cuda::maximum(0.0f, -0.0f)));
}

TEST(Scalars, ReciprocalSquareRootRoundsTwice) {
  for (float x : {1.0f, 2.0f, 3.0f, 0.1f, 1e-30f, 1e30f, 7168.0f})
    EXPECT_EQ(cuda::reciprocalSquareRoot(x), 1.0f / std::sqrt(x));
}

} // namespace
} // namespace ds::kernels::test
