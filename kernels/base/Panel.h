// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Weighted sums of the rows of a panel:
//   sums[t, c] += sum over d < depth of scalars[t][d] * panel[d, c], in f32,
// one fused multiply-add each, d rising. The order is the same for every
// number of tokens, and two calls in a row continue one sum.
#pragma once
#include "kernels/base/Simd.h"

namespace ds::kernels {
namespace {

constexpr uint32_t kPanelTokens = 4;

/// Rows `stride` elements apart, of which the first `columns` are read.
template <class P>
struct Panel {
  const P *rows;
  size_t stride;
  uint32_t depth;
  uint32_t columns;
};

template <uint32_t tokens>
struct PanelTokens {
  const float *scalars[tokens];
  float *sums[tokens];
};

template <class P, uint32_t tokens>
[[clang::always_inline]] inline void
accumulate(const Panel<P> &panel, const PanelTokens<tokens> &token) {
  auto twoVectors = [&](uint32_t c,
                        uint32_t count) __attribute__((always_inline)) {
    const uint32_t rest = count > kLanes ? count - kLanes : 0;
    Floats first[tokens], second[tokens];
#pragma unroll
    for (uint32_t t = 0; t < tokens; ++t) {
      first[t] = load(token.sums[t] + c, count);
      second[t] = load(token.sums[t] + c + kLanes, rest);
    }
    for (uint32_t d = 0; d < panel.depth; ++d) {
      const P *row = panel.rows + d * panel.stride + c;
      Floats low = load(row, count), high = load(row + kLanes, rest);
#pragma unroll
      for (uint32_t t = 0; t < tokens; ++t) {
        Floats scalar = token.scalars[t][d];
        first[t] = fma(scalar, low, first[t]);
        second[t] = fma(scalar, high, second[t]);
      }
    }
#pragma unroll
    for (uint32_t t = 0; t < tokens; ++t) {
      store(token.sums[t] + c, first[t], count);
      store(token.sums[t] + c + kLanes, second[t], rest);
    }
  };
  uint32_t c = 0;
  for (; c + 2 * kLanes <= panel.columns; c += 2 * kLanes)
    twoVectors(c, 2 * kLanes);
  if (c < panel.columns)
    twoVectors(c, panel.columns - c);
}

/// For tokens 0 .. tokens - 1, whose scalars and sums lie one stride apart.
template <class P>
[[clang::always_inline]] inline void
accumulateAll(const Panel<P> &panel, uint32_t tokens, const float *scalars,
              size_t scalarStride, float *sums, size_t sumStride) {
  auto some = [&]<uint32_t n>(uint32_t t) __attribute__((always_inline)) {
    PanelTokens<n> token;
#pragma unroll
    for (uint32_t i = 0; i < n; ++i) {
      token.scalars[i] = scalars + (t + i) * scalarStride;
      token.sums[i] = sums + (t + i) * sumStride;
    }
    accumulate(panel, token);
  };
  uint32_t t = 0;
  for (; t + kPanelTokens <= tokens; t += kPanelTokens)
    some.template operator()<kPanelTokens>(t);
  for (; t < tokens; ++t)
    some.template operator()<1>(t);
}

} // namespace
} // namespace ds::kernels
