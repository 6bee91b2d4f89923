// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The vectors of AVX-512 without BF16 and VBMI (x86-64-v4): bf16 elements are
// widened to f32, codes decoded by shifts. Included by Simd.h, which says what
// the names mean.
#pragma once
#include "kernels/base/SimdAVX512Floats.h"
#include "kernels/base/SubnormalTable.h"

namespace ds::kernels {
namespace {

constexpr uint32_t kChunk = 32;
constexpr uint32_t kTokensAtOnce = 4;

struct Chunk {
  __m512i all;
};

[[clang::always_inline]] inline Chunk loadChunk(const bf16 *from,
                                                uint32_t count = kChunk) {
  return {_mm512_maskz_loadu_epi16(__mmask32(firstBits(count)), from)};
}

[[clang::always_inline]] inline Chunk loadChunk(const f8e4m3fn *from,
                                                uint32_t count = kChunk) {
  __m512i codes = _mm512_cvtepu8_epi16(
      _mm256_maskz_loadu_epi8(__mmask32(firstBits(count)), from));
  __m512i magnitude = _mm512_and_si512(codes, _mm512_set1_epi16(0x7f));
  __m512i value = _mm512_add_epi16(_mm512_slli_epi16(magnitude, 4),
                                   _mm512_set1_epi16((127 - 7) << 7));
  // Byte indices of both halves of an element: m and m + 8.
  __m512i index = _mm512_or_si512(
      _mm512_or_si512(magnitude, _mm512_slli_epi16(magnitude, 8)),
      _mm512_set1_epi16(0x0800));
  __m512i subnormal = _mm512_shuffle_epi8(
      _mm512_broadcast_i32x4(_mm_load_si128(
          reinterpret_cast<const __m128i *>(kSubnormalTable.bytes))),
      index);
  value = _mm512_mask_mov_epi16(
      value, _mm512_cmplt_epu16_mask(magnitude, _mm512_set1_epi16(8)),
      subnormal);
  value = _mm512_mask_mov_epi16(
      value, _mm512_cmpeq_epi16_mask(magnitude, _mm512_set1_epi16(0x7f)),
      _mm512_set1_epi16(0x7fc0));
  __m512i sign = _mm512_slli_epi16(_mm512_andnot_si512(magnitude, codes), 8);
  return {_mm512_or_si512(value, sign)};
}

[[clang::always_inline]] inline void storeChunk(bf16 *to, Chunk chunk) {
  _mm512_storeu_si512(to, chunk.all);
}

[[clang::always_inline]] inline Floats evenElements(__m512i bf16s) {
  return _mm512_castsi512_ps(_mm512_slli_epi32(bf16s, 16));
}
[[clang::always_inline]] inline Floats oddElements(__m512i bf16s) {
  return _mm512_castsi512_ps(
      _mm512_and_si512(bf16s, _mm512_set1_epi32(int(0xffff0000))));
}

[[clang::always_inline]] inline void multiplyAdd(Floats &first, Floats &second,
                                                 Chunk x, Chunk w) {
  first =
      _mm512_fmadd_ps(evenElements(x.all), evenElements(w.all), first);
  second = _mm512_fmadd_ps(oddElements(x.all), oddElements(w.all), second);
}

} // namespace
} // namespace ds::kernels
