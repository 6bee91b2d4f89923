// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A weight matrix as it lies in the checkpoint: rows of `in` elements at any
// byte; an f8e4m3fn matrix has one f32 factor per block of 128 x 128
// (model-spec 1.9), blocks at the far edges being smaller.
#pragma once
#include "kernels/base/Types.h"

namespace ds::kernels {

constexpr uint32_t kScaleBlock = 128;

DS_INLINE constexpr uint32_t ceilDiv(uint32_t value, uint32_t by) {
  return value / by + (value % by != 0);
}

/// True where the matrix has factors.
template <class W>
constexpr bool kScaled = false;
template <>
inline constexpr bool kScaled<f8e4m3fn> = true;

/// Operands that one matrix takes: the weights, then the factors if any.
template <class W>
constexpr uint32_t kMatrixOperands = kScaled<W> ? 2 : 1;

template <class W>
struct Matrix {
  const W *weights;
  const void *factors; // f32 at any byte; unused for bf16
  uint32_t in;

  /// The matrix whose operands begin at `operands`.
  DS_INLINE static Matrix at(const void *const *operands, uint32_t in) {
    return {static_cast<const W *>(operands[0]),
            kScaled<W> ? operands[1] : nullptr, in};
  }
  DS_INLINE const W *row(uint32_t row) const {
    return weights + size_t(row) * in;
  }
  /// The factors of a row, one per 128 columns; null where there are none.
  DS_INLINE const char *factorRow(uint32_t row) const {
    if constexpr (!kScaled<W>)
      return nullptr;
    return static_cast<const char *>(factors) +
           size_t(row / kScaleBlock) * ceilDiv(in, kScaleBlock) * sizeof(float);
  }
  /// The factor of the block that holds (row, column).
  DS_INLINE float factor(uint32_t row, uint32_t column) const {
    if constexpr (kScaled<W>)
      return unaligned<float>(factorRow(row), column / kScaleBlock);
    else
      return 1;
  }
  /// The weight at (row, column), exact.
  DS_INLINE double value(uint32_t row, uint32_t column) const {
    return double(toFloat(this->row(row)[column])) * factor(row, column);
  }
};

/// Rows of weights that are decoded before many tokens pass over them.
constexpr uint32_t kDecodedRows = 16;

/// Elements between decoded rows: whole chunks of every level.
DS_INLINE constexpr uint32_t decodedStride(uint32_t in) {
  return ceilDiv(in, 64) * 64;
}

} // namespace ds::kernels
