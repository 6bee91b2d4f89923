// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The sums of matrix instructions against a slow definition in integers.
#include "kernels/emu/MatrixModel.h"
#include <bit>
#include <cmath>
#include <gtest/gtest.h>
#include <random>

namespace ds::emu {
namespace {

using Wide = __int128;

/// `significand` x 2^`exponent` in units of 2^`unit`, cut toward zero.
Wide inUnits(int64_t significand, int exponent, int unit) {
  const int shift = exponent - unit;
  if (shift >= 0)
    return Wide(significand) << shift;
  const Wide magnitude = significand < 0 ? -significand : significand;
  const Wide cut = -shift > 100 ? 0 : magnitude >> -shift;
  return significand < 0 ? -cut : cut;
}

/// An exact value, and its exponent as the hardware sees it.
struct Term {
  int64_t significand;
  int exponent; // of the significand's unit
  int seen;
};

/// c + the sum of products, one step, as DotAdd.h describes it.
float slowStep(float c, const std::vector<Term> &products,
               const SumModel &model) {
  std::vector<Term> terms = products;
  int exponent = 0;
  const double fraction = std::frexp(double(c), &exponent);
  terms.push_back({int64_t(std::ldexp(fraction, 24)), exponent - 24,
                   std::max(exponent - 1, -126)});
  int largest = std::numeric_limits<int>::min();
  for (const Term &term : terms)
    if (term.significand)
      largest = std::max(largest, term.seen);
  if (largest == std::numeric_limits<int>::min())
    return c;
  const int unit = largest - int(model.fractionBits);
  Wide sum = 0;
  for (const Term &term : terms)
    sum += inUnits(term.significand, term.exponent, unit);
  // The result's fraction, toward zero.
  Wide magnitude = sum < 0 ? -sum : sum;
  int drop = 0;
  while (magnitude >> drop >= Wide(2) << model.resultBits)
    ++drop;
  magnitude = magnitude >> drop << drop;
  return float(std::ldexp(double(sum < 0 ? -magnitude : magnitude), unit));
}

template <class Code>
Term termOf(Code a, Code b) {
  const Decoded x = decode(a), y = decode(b);
  // Both have at most 8 bits: 2^-40 is below the last of any product here.
  const double product = double(x.value) * y.value;
  if (product == 0)
    return {0, 0, 0};
  int exponent = 0;
  const double fraction = std::frexp(product, &exponent);
  return {int64_t(std::ldexp(fraction, 32)), exponent - 32,
          x.exponent + y.exponent};
}

/// Random matrices through dotAdd and through the definition; one addend in
/// `zeroAddends` is 0.
template <class Code, class Draw>
void compare(const SumModel &model, Draw draw, uint64_t seed,
             uint64_t zeroAddends = 8) {
  constexpr uint32_t kProducts = 32 / sizeof(Code);
  std::mt19937_64 random(seed);
  Code a[16][kProducts], b[8][kProducts];
  for (auto &row : a)
    for (Code &code : row)
      code = draw(random);
  for (auto &column : b)
    for (Code &code : column)
      code = draw(random);
  alignas(32) float d[16][8];
  float want[16][8];
  for (uint32_t row = 0; row < 16; ++row)
    for (uint32_t column = 0; column < 8; ++column) {
      float c =
          random() % zeroAddends == 0
              ? 0
              : std::ldexp(float(int32_t(random())), int(random() % 40) - 50);
      d[row][column] = c;
      for (uint32_t k = 0; k < kProducts; k += model.productsAtOnce) {
        std::vector<Term> products;
        for (uint32_t i = k; i < k + model.productsAtOnce; ++i)
          products.push_back(termOf(a[row][i], b[column][i]));
        c = slowStep(c, products, model);
      }
      want[row][column] = c;
    }
  Factors factors;
  factors.setA(a);
  factors.setB(b);
  dotAdd(d, factors, kProducts, model);
  for (uint32_t row = 0; row < 16; ++row)
    for (uint32_t column = 0; column < 8; ++column)
      ASSERT_EQ(std::bit_cast<uint32_t>(d[row][column] + 0.0f),
                std::bit_cast<uint32_t>(want[row][column] + 0.0f))
          << "seed " << seed << " element " << row << ", " << column;
}

Options optionsFor(Architecture architecture) {
  Options options;
  options.architecture = architecture;
  return options;
}

TEST(SumModel, BF16SumsAreTheDefinitions) {
  for (Architecture architecture : {Architecture::SM80, Architecture::SM90a})
    for (uint64_t seed = 0; seed < 50; ++seed)
      // Exponents of 40 binades, a zero now and then.
      compare<uint16_t>(
          sumModelBF16(optionsFor(architecture)),
          [](auto &random) {
            const auto bits = uint16_t(random());
            return random() % 10 == 0
                       ? uint16_t(bits & 0x8000)
                       : uint16_t((bits & 0x807f) | (107 + random() % 40) << 7);
          },
          seed);
}

TEST(SumModel, F8SumsAreTheDefinitions) {
  for (Architecture architecture : {Architecture::SM89, Architecture::SM90a})
    for (uint64_t seed = 0; seed < 50; ++seed)
      compare<uint8_t>(
          sumModelF8(optionsFor(architecture)),
          [](auto &random) {
            const auto code = uint8_t(random());
            return (code & 0x7f) == 0x7f ? uint8_t(0) : code;
          },
          seed);
}

// Some factor is beyond 2^50, which takes the slow way through doubles.
TEST(SumModel, SteepSumsAreTheDefinitions) {
  for (uint64_t seed = 0; seed < 50; ++seed)
    compare<uint16_t>(
        sumModelBF16(optionsFor(Architecture::SM80)),
        [](auto &random) {
          const auto bits = uint16_t(random());
          return uint16_t((bits & 0x807f) | (165 + random() % 20) << 7);
        },
        seed);
}

// Products down to 2^-120, small ones among large: the probabilities of a
// softmax. Sums below 2^-90 take the slow way, others do not.
TEST(SumModel, TinyFactorsGiveTheDefinitionsSums) {
  for (uint64_t seed = 0; seed < 50; ++seed)
    compare<uint16_t>(
        sumModelBF16(
            optionsFor(seed % 2 ? Architecture::SM90a : Architecture::SM80)),
        [seed](auto &random) {
          const auto bits = uint16_t(random());
          const unsigned spread = seed % 3 == 0 ? 60 : 10;
          return uint16_t((bits & 0x807f) | (67 + random() % spread) << 7);
        },
        seed, seed % 5 ? 1 : 8);
}

/// One sum: c + a b of the first elements, everything else zero.
float oneProduct(float c, float a, float b, const Options &options) {
  uint16_t as[16][16] = {}, bs[8][16] = {};
  as[0][0] = kernels::toBF16(a).bits;
  bs[0][0] = kernels::toBF16(b).bits;
  alignas(32) float d[16][8] = {};
  d[0][0] = c;
  Factors factors;
  factors.setA(as);
  factors.setB(bs);
  dotAdd(d, factors, 16, sumModelBF16(options));
  return d[0][0];
}

TEST(SumModel, InfinitiesAndNaNAreThoseOfArithmetic) {
  const float infinity = std::numeric_limits<float>::infinity();
  for (Arithmetic arithmetic : {Arithmetic::Hardware, Arithmetic::Exact}) {
    Options options;
    options.arithmetic = arithmetic;
    EXPECT_EQ(oneProduct(1, infinity, 2, options), infinity);
    EXPECT_EQ(oneProduct(-infinity, 1, 2, options), -infinity);
    EXPECT_TRUE(std::isnan(oneProduct(-infinity, infinity, 1, options)));
    EXPECT_TRUE(std::isnan(oneProduct(1, infinity, 0, options)));
    EXPECT_EQ(oneProduct(0x1p-140f, 0, 0, options), 0x1p-140f);
    EXPECT_EQ(oneProduct(0, 0x1p-126f, 0x1p-10f, options), 0x1p-136f);
  }
}

/// The sum of products of powers of two: sign, exponents of both factors, k.
struct Power {
  float sign;
  int a, b;
  uint32_t k;
};
template <class Code, class Encode>
float sumOf(const std::vector<Power> &powers, const SumModel &model,
            Encode encode) {
  Code as[16][32 / sizeof(Code)] = {}, bs[8][32 / sizeof(Code)] = {};
  for (const Power &power : powers) {
    as[0][power.k] = encode(std::ldexp(power.sign, power.a)).bits;
    bs[0][power.k] = encode(std::ldexp(1.0f, power.b)).bits;
  }
  alignas(32) float d[16][8] = {};
  Factors factors;
  factors.setA(as);
  factors.setB(bs);
  dotAdd(d, factors, 32 / sizeof(Code), model);
  return d[0][0];
}

// What MMA-Sim says of each architecture: bits behind the point, products at
// once, bits of the result.
TEST(SumModel, HasTheWidthsOfEachArchitecture) {
  const auto bf16 = [](Architecture architecture, std::vector<Power> powers) {
    return sumOf<uint16_t>(powers, sumModelBF16(optionsFor(architecture)),
                           [](float x) { return kernels::toBF16(x); });
  };
  const auto f8 = [](Architecture architecture, std::vector<Power> powers) {
    return sumOf<uint8_t>(powers, sumModelF8(optionsFor(architecture)),
                          [](float x) { return kernels::toF8E4M3(x); });
  };
  for (Architecture early : {Architecture::SM80, Architecture::SM89}) {
    EXPECT_EQ(bf16(early, {{1, 0, 0, 0}, {1, -12, -12, 1}, {-1, 0, 0, 2}}),
              0x1p-24f);
    EXPECT_EQ(bf16(early, {{1, 0, 0, 0}, {1, -13, -12, 1}, {-1, 0, 0, 2}}), 0);
    // 2^-24 is cut where the second half meets a sum of 23 bits.
    EXPECT_EQ(bf16(early, {{1, 0, 0, 0}, {1, -12, -12, 1}, {-1, 0, 0, 8}}), 0);
  }
  for (Architecture late : {Architecture::SM90a, Architecture::SM100a}) {
    EXPECT_EQ(bf16(late, {{1, 0, 0, 0}, {1, -13, -12, 1}, {-1, 0, 0, 8}}),
              0x1p-25f);
    EXPECT_EQ(bf16(late, {{1, 0, 0, 0}, {1, -13, -13, 1}, {-1, 0, 0, 8}}), 0);
  }
  for (Architecture both : {Architecture::SM89, Architecture::SM90a}) {
    EXPECT_EQ(f8(both, {{1, 0, 0, 0}, {1, -7, -6, 1}, {-1, 0, 0, 2}}),
              0x1p-13f);
    EXPECT_EQ(f8(both, {{1, 0, 0, 0}, {1, -7, -7, 1}, {-1, 0, 0, 2}}), 0);
    // Exponents 1 and 13 bits: 2^-13 does not fit behind 2.
    EXPECT_EQ(f8(both, {{1, 0, 0, 0}, {1, 0, 0, 1}, {1, -7, -6, 2}}), 2);
  }
  EXPECT_EQ(f8(Architecture::SM90a, {{1, 0, 0, 0},
                                     {1, -7, -6, 1},
                                     {1, 0, 0, 2},
                                     {-1, 0, 0, 16},
                                     {-1, 0, 0, 17}}),
            0x1p-13f);
  EXPECT_EQ(f8(Architecture::SM89, {{1, 0, 0, 0},
                                    {1, -7, -6, 1},
                                    {1, 0, 0, 2},
                                    {-1, 0, 0, 16},
                                    {-1, 0, 0, 17}}),
            0);
}

// A NaN spoils its row or column and nothing else.
TEST(SumModel, ANaNReachesItsOwnSumsOnly) {
  uint16_t as[16][16] = {}, bs[8][16] = {};
  for (auto &row : as)
    row[3] = kernels::toBF16(2).bits;
  for (auto &column : bs)
    column[3] = kernels::toBF16(3).bits;
  as[5][0] = 0x7fc0;
  bs[6][1] = 0xffff;
  for (Arithmetic arithmetic : {Arithmetic::Hardware, Arithmetic::Exact}) {
    Options options;
    options.arithmetic = arithmetic;
    alignas(32) float d[16][8] = {};
    d[2][4] = std::numeric_limits<float>::quiet_NaN();
    Factors factors;
    factors.setA(as);
    factors.setB(bs);
    dotAdd(d, factors, 16, sumModelBF16(options));
    for (uint32_t row = 0; row < 16; ++row)
      for (uint32_t column = 0; column < 8; ++column) {
        if (row == 5 || column == 6 || (row == 2 && column == 4))
          EXPECT_EQ(std::bit_cast<uint32_t>(d[row][column]), 0x7fffffffu);
        else
          EXPECT_EQ(d[row][column], 6);
      }
  }
}

// 1 + 2^-24 is beyond what an f32 holds: cut, where rounding up is next.
TEST(SumModel, SumsAreCutAndNotRounded) {
  Options options;
  EXPECT_EQ(oneProduct(1, 0x1.8p-12f, 0x1p-12f, options), 1.0f);
  options.arithmetic = Arithmetic::Exact;
  EXPECT_EQ(oneProduct(1, 0x1.8p-12f, 0x1p-12f, options), 1.0f + 0x1p-23f);
}

} // namespace
} // namespace ds::emu
