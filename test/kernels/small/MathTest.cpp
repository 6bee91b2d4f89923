// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Against libm in double. All floats of a range are too many for a test; every
// stride here is odd and prime, so that mantissas of every kind appear.
#include "kernels/base/Math.h"
#include <cmath>
#include <gtest/gtest.h>
#include <limits>

namespace ds::kernels {
namespace {

/// Distance in units of the last place of a float of want's magnitude.
double ulps(float got, double want) {
  if (std::isinf(float(want)) || want == 0)
    return double(got) == double(float(want)) ? 0 : HUGE_VAL;
  int exponent = 0;
  std::frexp(want, &exponent);
  return std::abs(got - want) / std::ldexp(1.0, std::max(exponent - 24, -149));
}

/// Calls check(x) for every stride-th float in [from, to], of one sign.
template <class Check>
void forFloats(float from, float to, uint32_t stride, Check check) {
  uint32_t last = __builtin_bit_cast(uint32_t, to);
  for (uint32_t bits = __builtin_bit_cast(uint32_t, from); bits <= last;
       bits += stride)
    check(__builtin_bit_cast(float, bits));
}

TEST(Exponential, IsWithinOneUlp) {
  double worst = 0;
  auto check = [&](float x) {
    worst = std::max(worst, ulps(exponential(x), std::exp(double(x))));
  };
  forFloats(0, 88.7f, 2003, check);
  forFloats(-0.0f, -104.0f, 2003, check);
  forFloats(-87.0f, -104.0f, 3, check); // subnormal results
  EXPECT_LE(worst, 1.0);
}

TEST(Exponential, EndsAreZeroInfinityAndNaN) {
  const float infinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(exponential(0), 1.0f);
  EXPECT_EQ(exponential(-104.01f), 0.0f);
  EXPECT_EQ(exponential(-1e30f), 0.0f);
  EXPECT_EQ(exponential(-infinity), 0.0f);
  EXPECT_EQ(exponential(-103.9f), 0x1p-149f);
  EXPECT_TRUE(std::isfinite(exponential(88.72f)));
  EXPECT_EQ(exponential(88.8f), infinity);
  EXPECT_EQ(exponential(1e30f), infinity);
  EXPECT_EQ(exponential(infinity), infinity);
  EXPECT_TRUE(std::isnan(exponential(std::nanf(""))));
  EXPECT_TRUE(std::isnan(exponential(-std::nanf("1"))));
}

// Kernels are vectorised, tests of one value are not.
TEST(Exponential, HasTheSameBitsInALoop) {
  constexpr int kCount = 4099;
  static float in[kCount], out[kCount];
  for (int i = 0; i < kCount; ++i)
    in[i] = float(i - 2048) * 0.0521f;
  in[17] = std::nanf("");
  for (int i = 0; i < kCount; ++i)
    out[i] = exponential(in[i]);
  for (int i = 0; i < kCount; ++i) {
    volatile float x = in[i];
    EXPECT_EQ(__builtin_bit_cast(uint32_t, out[i]),
              __builtin_bit_cast(uint32_t, exponential(x)))
        << in[i];
  }
}

// exp 1 ulp, the sum and the quotient half of one each.
TEST(Sigmoid, IsWithinThreeUlps) {
  double worst = 0;
  auto check = [&](float x) {
    worst = std::max(worst, ulps(sigmoid(x), 1 / (1 + std::exp(-double(x)))));
  };
  forFloats(0, 100.0f, 4001, check);
  forFloats(-0.0f, -87.0f, 4001, check);
  EXPECT_LE(worst, 3.0);
}

TEST(Silu, GoesToZeroBelowAndToXAbove) {
  EXPECT_EQ(silu(-1000.0f), 0.0f);
  EXPECT_EQ(silu(1000.0f), 1000.0f);
  EXPECT_EQ(silu(0), 0.0f);
  EXPECT_TRUE(std::isnan(silu(std::nanf(""))));
  EXPECT_LE(ulps(silu(-1.5f), -1.5 / (1 + std::exp(1.5))), 3.0);
}

TEST(SinCos, IsWithinOneUlpUpTo2To24) {
  double worst = 0;
  auto check = [&](float x) {
    SinCos turn = sincos(x);
    worst = std::max(worst, ulps(turn.sin, std::sin(double(x))));
    worst = std::max(worst, ulps(turn.cos, std::cos(double(x))));
  };
  forFloats(1e-30f, 0.5f, 20011, check);
  forFloats(0.5f, 0x1p24f, 101, check);
  forFloats(-0.5f, -0x1p24f, 1009, check);
  for (uint32_t position = 0; position < (1u << 20); ++position)
    check(float(position));
  EXPECT_LT(worst, 0.51);
}

// Where a reduction with too few bits of pi loses everything.
TEST(SinCos, IsWithinOneUlpNextToMultiplesOfHalfPi) {
  double worst = 0;
  for (uint32_t n = 1; n < 10'000'000; n += 7) {
    float x = float(n * 1.57079632679489661923);
    SinCos turn = sincos(x);
    worst = std::max(worst, ulps(turn.sin, std::sin(double(x))));
    worst = std::max(worst, ulps(turn.cos, std::cos(double(x))));
  }
  EXPECT_LT(worst, 0.51);
}

TEST(SinCos, OfZeroIsZeroAndOneAndOfNaNIsNaN) {
  EXPECT_EQ(sincos(0).sin, 0.0f);
  EXPECT_EQ(sincos(0).cos, 1.0f);
  EXPECT_TRUE(std::isnan(sincos(std::nanf("")).sin));
  EXPECT_TRUE(std::isnan(sincos(std::nanf("")).cos));
}

} // namespace
} // namespace ds::kernels
