// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The vectors of AVX2 with FMA (x86-64-v3). Included by Simd.h, which says what
// the names mean.
#pragma once
#include "kernels/base/SubnormalTable.h"

namespace ds::kernels {
namespace {

constexpr uint32_t kLanes = 8;
constexpr uint32_t kChunk = 16;
constexpr uint32_t kTokensAtOnce = 2;

typedef float Floats __attribute__((ext_vector_type(8)));
typedef uint32_t Words __attribute__((ext_vector_type(8)));
typedef uint16_t Halves __attribute__((ext_vector_type(8)));

struct Chunk {
  __m256i all;
};

[[clang::always_inline]] inline Floats load(const float *from, uint32_t count) {
  __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  return _mm256_maskload_ps(
      from, _mm256_cmpgt_epi32(_mm256_set1_epi32(int(count)), lane));
}

[[clang::always_inline]] inline Floats load(const bf16 *from, uint32_t count) {
  Floats value = 0;
  for (uint32_t i = 0; i < kLanes; ++i)
    if (i < count)
      value[i] = toFloat(from[i]);
  return value;
}

[[clang::always_inline]] inline void store(float *to, Floats value,
                                           uint32_t count) {
  __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  _mm256_maskstore_ps(
      to, _mm256_cmpgt_epi32(_mm256_set1_epi32(int(count)), lane), value);
}

[[clang::always_inline]] inline Halves toHalves(Floats value);

[[clang::always_inline]] inline void store(bf16 *to, Floats value,
                                           uint32_t count) {
  Halves halves = toHalves(value);
  for (uint32_t i = 0; i < kLanes; ++i)
    if (i < count)
      to[i].bits = halves[i];
}

/// The bytes of the first `count` elements of a chunk, zeros behind them.
template <class Bytes, class T>
[[clang::always_inline]] inline Bytes loadBytes(const T *from, uint32_t count) {
  static_assert(sizeof(Bytes) == kChunk * sizeof(T));
  Bytes bytes;
  if (count >= kChunk) {
    __builtin_memcpy(&bytes, from, sizeof bytes);
  } else {
    T elements[kChunk] = {};
    for (uint32_t i = 0; i < kChunk; ++i)
      if (i < count)
        elements[i] = from[i];
    __builtin_memcpy(&bytes, elements, sizeof bytes);
  }
  return bytes;
}

[[clang::always_inline]] inline Chunk loadChunk(const bf16 *from,
                                                uint32_t count = kChunk) {
  return {loadBytes<__m256i>(from, count)};
}

[[clang::always_inline]] inline Chunk loadChunk(const f8e4m3fn *from,
                                                uint32_t count = kChunk) {
  __m256i codes = _mm256_cvtepu8_epi16(loadBytes<__m128i>(from, count));
  __m256i magnitude = _mm256_and_si256(codes, _mm256_set1_epi16(0x7f));
  __m256i normal = _mm256_add_epi16(_mm256_slli_epi16(magnitude, 4),
                                    _mm256_set1_epi16((127 - 7) << 7));
  // Byte indices of both halves of an element: m and m + 8.
  __m256i index = _mm256_or_si256(
      _mm256_or_si256(magnitude, _mm256_slli_epi16(magnitude, 8)),
      _mm256_set1_epi16(0x0800));
  __m256i subnormal = _mm256_shuffle_epi8(
      _mm256_broadcastsi128_si256(_mm_load_si128(
          reinterpret_cast<const __m128i *>(kSubnormalTable.bytes))),
      index);
  __m256i value = _mm256_blendv_epi8(
      normal, subnormal, _mm256_cmpgt_epi16(_mm256_set1_epi16(8), magnitude));
  __m256i isNaN = _mm256_cmpeq_epi16(magnitude, _mm256_set1_epi16(0x7f));
  value = _mm256_or_si256(value,
                          _mm256_and_si256(isNaN, _mm256_set1_epi16(0x7fc0)));
  __m256i sign = _mm256_slli_epi16(_mm256_andnot_si256(magnitude, codes), 8);
  return {_mm256_or_si256(value, sign)};
}

[[clang::always_inline]] inline void storeChunk(bf16 *to, Chunk chunk) {
  __builtin_memcpy(to, &chunk.all, sizeof chunk.all);
}

[[clang::always_inline]] inline Floats evenElements(__m256i bf16s) {
  return _mm256_castsi256_ps(_mm256_slli_epi32(bf16s, 16));
}
[[clang::always_inline]] inline Floats oddElements(__m256i bf16s) {
  return _mm256_castsi256_ps(
      _mm256_and_si256(bf16s, _mm256_set1_epi32(int(0xffff0000))));
}

[[clang::always_inline]] inline void multiplyAdd(Floats &first, Floats &second,
                                                 Chunk x, Chunk w) {
  first = _mm256_fmadd_ps(evenElements(x.all), evenElements(w.all), first);
  second = _mm256_fmadd_ps(oddElements(x.all), oddElements(w.all), second);
}

} // namespace
} // namespace ds::kernels
