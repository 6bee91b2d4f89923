// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How tensor cores sum products: the model of MMA-Sim (arXiv 2511.10909).
// All products of a step and the addend are aligned to the largest exponent
// among them (a product's is the sum of its factors' exponents), cut toward
// zero to F bits behind the point, summed exactly, and the sum is cut toward
// zero to the result's fraction. It is a published model, checked against no
// silicon here.
#pragma once
#include <cstdint>

namespace ds::emu {

/// One kind of matrix multiplication on one architecture.
struct SumModel {
  uint32_t fractionBits;   // F
  uint32_t resultBits;     // fraction bits of the sum: 23, or 13 for E8M13
  uint32_t productsAtOnce; // k of one step; longer k are steps in sequence
  bool exact;              // no model: summed in double, rounded once to f32
};

/// The exponent of zero: below any sum of two others.
constexpr int32_t kZeroExponent = -1000;
constexpr uint32_t kMaxProducts = 32;

/// The factors of 16 rows by 8 columns of sums over up to 32 products. An
/// exponent is what the hardware sees: of a subnormal, that of the smallest
/// normal number of the format.
struct Factors {
  float a[16][kMaxProducts];
  int32_t aExponent[16][kMaxProducts];
  alignas(32) float b[kMaxProducts][8];
  alignas(32) int32_t bExponent[kMaxProducts][8];
  /// Some factor is beyond 2^50 or infinite: all sums take the slow way.
  bool steep = false;
  /// Not 0 where a row of a, or a column of b, has a NaN, which stands as 0
  /// above: kernels multiply rows that nobody asks for.
  alignas(32) int32_t aNaN[16];
  alignas(32) int32_t bNaN[8];

  /// From bf16 or f8e4m3fn codes, rows of a and columns of b along k.
  template <class Code, uint32_t kProducts>
  void setA(const Code (&codes)[16][kProducts]);
  template <class Code, uint32_t kProducts>
  void setB(const Code (&codes)[8][kProducts]);
};

/// d[m][n] += sum over k < products of a[m][k] b[k][n].
void dotAdd(float (&d)[16][8], const Factors &factors, uint32_t products,
            const SumModel &model);

} // namespace ds::emu
