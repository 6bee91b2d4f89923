// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Products of rows of a weight matrix with bf16 vectors (tokens):
//   y[t, r] = sum over i of w[r, i] * x[t, i], in f32.
//
// The order of a sum depends on the number of columns alone. Per block of 128
// columns (one block where the matrix has no factors) elements go into two
// chains of kLanes sums each; both are added, scaled by the block's factor and
// added to the lanes of the row; at the end the lanes are added as a tree.
// Every number of rows and tokens at once repeats exactly these steps.
#pragma once
#include "kernels/base/Matrix.h"
#include "kernels/base/Simd.h"

namespace ds::kernels {
namespace {

/// Up to here a row is decoded again for every block of tokens instead.
constexpr uint32_t kFewTokens = 4;

template <class W, uint32_t rows>
struct WeightRows {
  const W *row[rows];
  const char *factors[rows];
};

template <uint32_t tokens>
struct TokenRows {
  const bf16 *row[tokens];
};

/// y[r][t] of `rows` rows and `tokens` tokens.
template <bool scaled, class W, uint32_t rows, uint32_t tokens>
[[clang::always_inline]] inline void
dotRows(const WeightRows<W, rows> &w, const TokenRows<tokens> &x, uint32_t in,
        float (&y)[rows][tokens]) {
  Floats totals[rows][tokens] = {};
  const uint32_t block = scaled ? kScaleBlock : in;
  for (uint32_t begin = 0, b = 0; begin < in; begin += block, ++b) {
    const uint32_t end = in - begin < block ? in : begin + block;
    Chains chains[rows][tokens] = {};
    auto step = [&](uint32_t i, uint32_t count) __attribute__((always_inline)) {
      Chunk weights[rows];
#pragma unroll
      for (uint32_t r = 0; r < rows; ++r)
        weights[r] = loadChunk(w.row[r] + i, count);
#pragma unroll
      for (uint32_t t = 0; t < tokens; ++t) {
        Chunk token = loadChunk(x.row[t] + i, count);
#pragma unroll
        for (uint32_t r = 0; r < rows; ++r)
          multiplyAdd(chains[r][t], token, weights[r]);
      }
    };
    uint32_t i = begin;
    for (; i + kChunk <= end; i += kChunk)
      step(i, kChunk);
    if (i < end)
      step(i, end - i);
#pragma unroll
    for (uint32_t r = 0; r < rows; ++r) {
      Floats factor = scaled ? unaligned<float>(w.factors[r], b) : 1;
#pragma unroll
      for (uint32_t t = 0; t < tokens; ++t) {
        Floats sum = chains[r][t].first + chains[r][t].second;
        totals[r][t] = scaled ? fma(sum, factor, totals[r][t]) : sum;
      }
    }
  }
#pragma unroll
  for (uint32_t r = 0; r < rows; ++r)
#pragma unroll
    for (uint32_t t = 0; t < tokens; ++t)
      y[r][t] = sumOfLanes(totals[r][t]);
}

/// Rows `row` .. `row + rows - 1` for tokens `t` .. `t + tokens - 1`.
template <bool scaled, uint32_t rows, uint32_t tokens, class RowAt,
          class TokenAt, class Put>
[[clang::always_inline]] inline void
dotBlock(uint32_t in, uint32_t row, uint32_t t, const RowAt &rowAt,
         const TokenAt &tokenAt, const Put &put) {
  auto w = rowAt.template operator()<rows>(row);
  TokenRows<tokens> x;
#pragma unroll
  for (uint32_t i = 0; i < tokens; ++i)
    x.row[i] = tokenAt(t + i);
  float y[rows][tokens];
  dotRows<scaled>(w, x, in, y);
#pragma unroll
  for (uint32_t r = 0; r < rows; ++r)
#pragma unroll
    for (uint32_t i = 0; i < tokens; ++i)
      put(t + i, row + r, y[r][i]);
}

/// Copies a row as bf16, zeros up to the end of the last chunk.
template <class W>
[[clang::always_inline]] inline void decodeRow(const W *from, uint32_t in,
                                               bf16 *to) {
  uint32_t i = 0;
  for (; i + kChunk <= in; i += kChunk)
    storeChunk(to + i, loadChunk(from + i));
  if (i < in)
    storeChunk(to + i, loadChunk(from + i, in - i));
}

/// Calls put(t, row, y) for tokens 0 .. tokens - 1 and rows rowBegin .. rowEnd
/// - 1. `tokenAt(t)` gives a token's vector. `decoded` holds kDecodedRows *
/// decodedStride(in) elements; it is used for f8e4m3fn only.
template <class W, class TokenAt, class Put>
[[clang::always_inline]] inline void
multiplyRows(const Matrix<W> &matrix, uint32_t rowBegin, uint32_t rowEnd,
             uint32_t tokens, bf16 *decoded, const TokenAt &tokenAt,
             const Put &put) {
  constexpr bool scaled = kScaled<W>;
  const uint32_t in = matrix.in;
  if (tokens <= kFewTokens) {
    auto rowAt = [&]<uint32_t rows>(
                     uint32_t row) __attribute__((always_inline)) {
      return WeightRows<W, rows>{{matrix.row(row)}, {matrix.factorRow(row)}};
    };
    // One stream of weights at a time: the CPU prefetches it best.
    for (uint32_t row = rowBegin; row < rowEnd; ++row) {
      uint32_t t = 0;
      if (tokens == 4) {
        dotBlock<scaled, 1, 4>(in, row, t, rowAt, tokenAt, put);
        t += 4;
      }
      if (tokens & 2) {
        dotBlock<scaled, 1, 2>(in, row, t, rowAt, tokenAt, put);
        t += 2;
      }
      if (tokens & 1)
        dotBlock<scaled, 1, 1>(in, row, t, rowAt, tokenAt, put);
    }
    return;
  }
  for (; rowBegin < rowEnd; rowBegin += kDecodedRows) {
    const uint32_t left = rowEnd - rowBegin;
    const uint32_t rows = left < kDecodedRows ? left : kDecodedRows;
    const bf16 *first;
    uint32_t stride;
    if constexpr (scaled) {
      stride = decodedStride(in);
      for (uint32_t r = 0; r < rows; ++r)
        decodeRow(matrix.row(rowBegin + r), in, decoded + r * stride);
      first = decoded;
    } else {
      stride = in;
      first = matrix.row(rowBegin);
    }
    auto rowAt = [&]<uint32_t n>(uint32_t row) __attribute__((always_inline)) {
      WeightRows<bf16, n> w;
#pragma unroll
      for (uint32_t r = 0; r < n; ++r) {
        w.row[r] = first + size_t(row + r - rowBegin) * stride;
        w.factors[r] = matrix.factorRow(row + r);
      }
      return w;
    };
    auto allRows = [&]<uint32_t n>(uint32_t t) __attribute__((always_inline)) {
      uint32_t r = rowBegin;
      for (; r + 2 <= rowBegin + rows; r += 2)
        dotBlock<scaled, 2, n>(in, r, t, rowAt, tokenAt, put);
      if (r < rowBegin + rows)
        dotBlock<scaled, 1, n>(in, r, t, rowAt, tokenAt, put);
    };
    uint32_t t = 0;
    for (; t + kTokensAtOnce <= tokens; t += kTokensAtOnce)
      allRows.template operator()<kTokensAtOnce>(t);
    for (; t < tokens; ++t)
      allRows.template operator()<1>(t);
  }
}

} // namespace
} // namespace ds::kernels
