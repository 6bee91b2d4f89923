// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Vectors of f32 of AVX-512 (x86-64-v4), which both of its levels share.
// Included by their headers; Simd.h says what the names mean.
#pragma once

namespace ds::kernels {
namespace {

constexpr uint32_t kLanes = 16;

typedef float Floats __attribute__((ext_vector_type(16)));
typedef uint32_t Words __attribute__((ext_vector_type(16)));
typedef uint16_t Halves __attribute__((ext_vector_type(16)));

[[clang::always_inline]] inline uint64_t firstBits(uint32_t count) {
  return count >= 64 ? ~uint64_t(0) : (uint64_t(1) << count) - 1;
}

[[clang::always_inline]] inline Floats load(const float *from, uint32_t count) {
  return _mm512_maskz_loadu_ps(__mmask16(firstBits(count)), from);
}

[[clang::always_inline]] inline Floats load(const bf16 *from, uint32_t count) {
  __m256i halves = _mm256_maskz_loadu_epi16(__mmask16(firstBits(count)), from);
  return _mm512_castsi512_ps(
      _mm512_slli_epi32(_mm512_cvtepu16_epi32(halves), 16));
}

[[clang::always_inline]] inline void store(float *to, Floats value,
                                           uint32_t count) {
  _mm512_mask_storeu_ps(to, __mmask16(firstBits(count)), value);
}

[[clang::always_inline]] inline Halves toHalves(Floats value);

[[clang::always_inline]] inline void store(bf16 *to, Floats value,
                                           uint32_t count) {
  _mm256_mask_storeu_epi16(to, __mmask16(firstBits(count)),
                           __builtin_bit_cast(__m256i, toHalves(value)));
}

} // namespace
} // namespace ds::kernels
