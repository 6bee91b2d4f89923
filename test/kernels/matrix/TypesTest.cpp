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

} // namespace
} // namespace ds::kernels
