// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Vectors of the level a file is compiled for; all intrinsics of the CPU
// kernels live in the headers included here. Each defines
//
//   kLanes, Floats     a vector of f32
//   kChunk, Chunk      bf16 elements that are multiplied together
//   kTokensAtOnce      tokens x 2 rows whose sums fit into the registers
//   load(from, count)  `count` elements, zeros behind them; only they are read
//   loadChunk          the same; f8e4m3fn codes are decoded, exactly
//   store(to, v, count), storeChunk
//   multiplyAdd        two chains of sums of products of two chunks
//
// A `count` left out or too large means the whole vector. Everything is
// anonymous: several levels are linked into one test program.
#pragma once
#include "kernels/base/Types.h"
#include <immintrin.h>

#if defined(__AVX512BF16__) && defined(__AVX512VBMI__)
#include "kernels/base/SimdAVX512BF16.h"
#elif defined(__AVX512BW__)
#include "kernels/base/SimdAVX512.h"
#else
#include "kernels/base/SimdAVX2.h"
#endif

namespace ds::kernels {
namespace {

/// Two sums side by side, or the latency of the addition would be the limit.
struct Chains {
  Floats first = 0, second = 0;
};

[[clang::always_inline]] inline void multiplyAdd(Chains &sums, Chunk x,
                                                 Chunk w) {
  multiplyAdd(sums.first, sums.second, x, w);
}

[[clang::always_inline]] inline Floats fma(Floats a, Floats b, Floats c) {
  return __builtin_elementwise_fma(a, b, c);
}

[[clang::always_inline]] inline Floats load(const float *from) {
  Floats value;
  __builtin_memcpy(&value, from, sizeof value);
  return value;
}

[[clang::always_inline]] inline Floats load(const bf16 *from) {
  Halves value;
  __builtin_memcpy(&value, from, sizeof value);
  return __builtin_bit_cast(Floats, __builtin_convertvector(value, Words)
                                        << 16);
}

[[clang::always_inline]] inline void store(float *to, Floats value) {
  __builtin_memcpy(to, &value, sizeof value);
}

/// Lane by lane what toBF16 does.
[[clang::always_inline]] inline Halves toHalves(Floats value) {
  Words bits = __builtin_bit_cast(Words, value);
  Words rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
  Words quiet = bits >> 16 | 0x40;
  Words isNaN = __builtin_bit_cast(Words, value != value);
  return __builtin_convertvector((isNaN & quiet) | (~isNaN & rounded), Halves);
}

[[clang::always_inline]] inline void store(bf16 *to, Floats value) {
  Halves halves = toHalves(value);
  __builtin_memcpy(to, &halves, sizeof halves);
}

/// Adds lane i and lane i + half, and so on with half the lanes.
template <class Vector>
[[clang::always_inline]] inline float sumOfLanes(Vector value) {
  if constexpr (sizeof(Vector) == 2 * sizeof(float))
    return value.x + value.y;
  else
    return sumOfLanes(value.lo + value.hi);
}

} // namespace
} // namespace ds::kernels
