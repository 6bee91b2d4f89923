// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernels/base/Types.h"
#include <cmath>
#include <gtest/gtest.h>

namespace ds::kernels {
namespace {

TEST(Types, EveryBF16SurvivesTheWayThroughF32) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    float value = toFloat(bf16{uint16_t(bits)});
    if (std::isnan(value))
      EXPECT_TRUE(std::isnan(toFloat(toBF16(value))));
    else
      EXPECT_EQ(uint16_t(toBF16(value).bits), bits);
  }
}

TEST(Types, RoundingToBF16TakesTheNearestAndTheEvenOfTwo) {
  for (uint32_t bits = 0; bits < 0x7f00; ++bits) { // to the last finite pair
    float below = toFloat(bf16{uint16_t(bits)});
    float above = toFloat(bf16{uint16_t(bits + 1)});
    float middle = float((double(below) + above) / 2);
    EXPECT_EQ(uint16_t(toBF16(std::nextafterf(middle, 0)).bits), bits);
    EXPECT_EQ(uint16_t(toBF16(std::nextafterf(middle, HUGE_VALF)).bits),
              bits + 1);
    EXPECT_EQ(uint16_t(toBF16(middle).bits), bits + (bits & 1));
    EXPECT_EQ(uint16_t(toBF16(-middle).bits), 0x8000 | (bits + (bits & 1)));
  }
}

TEST(Types, ANaNWhosePayloadIsLowStaysANaNWithItsSign) {
  float low = __builtin_bit_cast(float, 0xff800001u);
  EXPECT_TRUE(std::isnan(toFloat(toBF16(low))));
  EXPECT_TRUE(std::signbit(toFloat(toBF16(low))));
}

TEST(Types, AllF8CodesHaveTheValuesOfTheirFields) {
  for (unsigned code = 0; code < 256; ++code) {
    int exponent = code >> 3 & 15, mantissa = code & 7;
    float value = toFloat(f8e4m3fn{uint8_t(code)});
    EXPECT_EQ(std::signbit(value), code >= 128);
    if ((code & 0x7f) == 0x7f)
      EXPECT_TRUE(std::isnan(value));
    else if (exponent == 0)
      EXPECT_EQ(std::abs(value), std::ldexp(mantissa / 8.0f, -6));
    else
      EXPECT_EQ(std::abs(value), std::ldexp(1 + mantissa / 8.0f, exponent - 7));
  }
}

// Around every code: the code itself, the middle to the next, and the floats on
// both sides of it.
TEST(Types, RoundingToF8TakesTheNearestAndTheEvenOfTwo) {
  for (unsigned code = 0; code < 0x7e; ++code) {
    float below = toFloat(f8e4m3fn{uint8_t(code)});
    float above = toFloat(f8e4m3fn{uint8_t(code + 1)});
    float middle = (below + above) / 2;
    unsigned even = code + (code & 1);
    EXPECT_EQ(toF8E4M3(below).bits, code);
    EXPECT_EQ(toF8E4M3(std::nextafterf(below, HUGE_VALF)).bits, code);
    EXPECT_EQ(toF8E4M3(std::nextafterf(middle, 0)).bits, code);
    EXPECT_EQ(toF8E4M3(std::nextafterf(middle, HUGE_VALF)).bits, code + 1);
    EXPECT_EQ(toF8E4M3(middle).bits, even);
    EXPECT_EQ(toF8E4M3(-middle).bits, 0x80 | even);
    EXPECT_EQ(toF8E4M3(-below).bits, 0x80 | code);
  }
}

// 464 is the middle to the first value that e4m3 does not have.
TEST(Types, RoundingToF8EndsAtTheLargestCode) {
  for (float beyond : {448.0f, 463.9f, 464.0f, 465.0f, 3e38f, HUGE_VALF}) {
    EXPECT_EQ(toF8E4M3(beyond).bits, 0x7e) << beyond;
    EXPECT_EQ(toF8E4M3(-beyond).bits, 0xfe) << beyond;
  }
  EXPECT_EQ(toF8E4M3(0x1p-149f).bits, 0);
  EXPECT_EQ(toF8E4M3(-0x1p-149f).bits, 0x80);
}

TEST(Types, ANaNIsOneF8CodeWhateverItsBits) {
  for (uint32_t bits : {0x7f800001u, 0x7fc00000u, 0xff800001u, 0xffffffffu})
    EXPECT_EQ(toF8E4M3(__builtin_bit_cast(float, bits)).bits, 0x7f) << bits;
}

} // namespace
} // namespace ds::kernels
