// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernels/emu/DotAdd.h"
#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace ds::emu {
namespace {

using Float8 = float __attribute__((ext_vector_type(8)));
using Int8 = int32_t __attribute__((ext_vector_type(8)));
using Double8 = double __attribute__((ext_vector_type(8)));
using Long8 = int64_t __attribute__((ext_vector_type(8)));

// Sums whose largest exponent is below this, and that are not zero, take the
// slow way: what lies 25 bits below it must be a normal f32, so that a product
// too small for an f32 is cut anyway.
constexpr int32_t kLeastExponent = -90;
constexpr int32_t kNothing = -500; // above the exponents of zero products

/// One step of one element in double, where everything before the last
/// rounding is exact: any factors, at any speed.
float addProducts(float c, const float *a, const int32_t *aExponent,
                  const float (*b)[8], const int32_t (*bExponent)[8],
                  uint32_t column, uint32_t products, const SumModel &model) {
  int32_t largest = std::numeric_limits<int32_t>::min();
  double plain = c; // what decides about infinities and NaN
  for (uint32_t k = 0; k < products; ++k) {
    const double product = double(a[k]) * b[k][column];
    plain += product;
    if (product != 0)
      largest = std::max(largest, aExponent[k] + bExponent[k][column]);
  }
  if (!std::isfinite(plain))
    return std::isnan(plain) ? std::bit_cast<float>(0x7fffffff) : float(plain);
  if (c != 0)
    largest = std::max(largest, std::max(std::ilogb(c), -126));
  if (largest == std::numeric_limits<int32_t>::min())
    return c;
  const int32_t unit = largest - int32_t(model.fractionBits);
  double sum = std::trunc(std::ldexp(double(c), -unit));
  for (uint32_t k = 0; k < products; ++k)
    sum += std::trunc(std::ldexp(double(a[k]) * b[k][column], -unit));
  if (sum == 0)
    return 0;
  // Cut to the result's fraction, and to multiples of the least subnormal.
  const int32_t last =
      std::max(std::ilogb(sum) + unit - int32_t(model.resultBits), -149);
  return float(std::ldexp(std::trunc(std::ldexp(sum, unit - last)), last));
}

/// The same for the 8 columns of a row at once; false, and nothing done, where
/// a column must take the slow way. No factor is steep.
[[clang::always_inline]] inline bool
addProducts8(Float8 &c, const float *a, const int32_t *aExponent,
             const float (*b)[8], const int32_t (*bExponent)[8],
             uint32_t products, const SumModel &model) {
  const Int8 cBits = __builtin_bit_cast(Int8, c) & 0x7fffffff;
  // -1 in the lanes where it is so.
  const Int8 cIsZero = cBits == 0;
  Int8 largest = (((cBits >> 23) - 127) & ~cIsZero) | (cIsZero & kZeroExponent);
  for (uint32_t k = 0; k < products; ++k)
    largest = __builtin_elementwise_max(
        largest, *reinterpret_cast<const Int8 *>(bExponent[k]) + aExponent[k]);
  const Int8 slow = ((largest < kLeastExponent) & (largest > kNothing)) |
                    (cBits >= 0x7f800000);
  if (__builtin_reduce_or(slow))
    return false;
  largest = __builtin_elementwise_max(largest, Int8(kLeastExponent));
  const int32_t fraction = int32_t(model.fractionBits);
  const Float8 scale =
      __builtin_bit_cast(Float8, (fraction - largest + 127) << 23);
  // Terms are below 2^(F + 2), so 8 of them fit 31 bits up to F = 25.
  Double8 total = __builtin_convertvector(
      __builtin_convertvector(c * scale, Int8), Double8);
  for (uint32_t k = 0; k < products; k += 8) {
    Int8 sum = 0;
    for (uint32_t i = k; i < k + 8; ++i) {
      // bf16 and f8e4m3fn products fit the fraction of an f32.
      const Float8 product = *reinterpret_cast<const Float8 *>(b[i]) * a[i];
      sum += __builtin_convertvector(product * scale, Int8);
    }
    total += __builtin_convertvector(sum, Double8);
  }
  // Cut toward zero by dropping low bits of the double.
  const Long8 keep = Long8(-1) << (52 - int32_t(model.resultBits));
  total = __builtin_bit_cast(Double8, __builtin_bit_cast(Long8, total) & keep);
  const Long8 unit = __builtin_convertvector(largest - fraction + 1023, Long8)
                     << 52;
  c = __builtin_convertvector(total * __builtin_bit_cast(Double8, unit),
                              Float8);
  return true;
}

[[clang::always_inline]] inline Float8
addExactly8(Float8 c, const float *a, const float (*b)[8], uint32_t products) {
  Double8 sum = __builtin_convertvector(c, Double8);
  for (uint32_t k = 0; k < products; ++k)
    sum += __builtin_convertvector(*reinterpret_cast<const Float8 *>(b[k]),
                                   Double8) *
           double(a[k]);
  return __builtin_convertvector(sum, Float8);
}

/// One row of sums, its addends in `sums`; no NaN.
[[clang::always_inline]] inline void addRow(float (&sums)[8], const Factors &f,
                                            uint32_t row, uint32_t products,
                                            const SumModel &model) {
  auto &sums8 = *reinterpret_cast<Float8 *>(sums);
  if (model.exact) {
    sums8 = addExactly8(sums8, f.a[row], f.b, products);
    return;
  }
  const uint32_t step = model.productsAtOnce;
  for (uint32_t k = 0; k < products; k += step) {
    const float *a = f.a[row] + k;
    const int32_t *aExponent = f.aExponent[row] + k;
    if (!f.steep && addProducts8(sums8, a, aExponent, f.b + k, f.bExponent + k,
                                 step, model))
      continue;
    for (uint32_t n = 0; n < 8; ++n)
      sums[n] = addProducts(sums[n], a, aExponent, f.b + k, f.bExponent + k, n,
                            step, model);
  }
}

[[clang::always_inline]] inline void addAll(float (&d)[16][8], const Factors &f,
                                            uint32_t products,
                                            const SumModel &model) {
  const Int8 quiet = 0x7fffffff; // the NaN that tensor cores give
  const Int8 columns = *reinterpret_cast<const Int8 *>(f.bNaN) != 0;
  for (uint32_t row = 0; row < 16; ++row) {
    auto &bits = *reinterpret_cast<Int8 *>(d[row]);
    const Int8 nan = columns | ((bits & 0x7fffffff) > 0x7f800000) |
                     Int8(-(f.aNaN[row] != 0));
    bits &= ~nan;
    addRow(d[row], f, row, products, model);
    bits = (bits & ~nan) | (quiet & nan);
  }
}

using AddAll = void(float (&)[16][8], const Factors &, uint32_t,
                    const SumModel &);
void addAllAnywhere(float (&d)[16][8], const Factors &f, uint32_t products,
                    const SumModel &model) {
  addAll(d, f, products, model);
}
__attribute__((target("avx2"))) void addAllAVX2(float (&d)[16][8],
                                                const Factors &f,
                                                uint32_t products,
                                                const SumModel &model) {
  addAll(d, f, products, model);
}

} // namespace

void dotAdd(float (&d)[16][8], const Factors &factors, uint32_t products,
            const SumModel &model) {
  static AddAll *const chosen =
      __builtin_cpu_supports("avx2") ? addAllAVX2 : addAllAnywhere;
  chosen(d, factors, products, model);
}

} // namespace ds::emu
