// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The vectors of AVX-512 with BF16 (vdpbf16ps) and VBMI (vpermi2b). Included by
// Simd.h, which says what the names mean.
#pragma once
#include "kernels/base/SimdAVX512Floats.h"

namespace ds::kernels {
namespace {

constexpr uint32_t kChunk = 64;
constexpr uint32_t kTokensAtOnce = 4;

struct Chunk {
  __m512i first, second; // elements 0 .. 31 and 32 .. 63
};

/// The magnitudes' bf16, low and high bytes apart as vpermi2b wants them.
struct DecodeTable {
  alignas(64) uint8_t low[128];
  alignas(64) uint8_t high[128];
};

constexpr DecodeTable makeDecodeTable() {
  DecodeTable table{};
  for (unsigned code = 0; code < 128; ++code) {
    bf16 value = toBF16(f8e4m3fn{uint8_t(code)});
    table.low[code] = uint8_t(value.bits);
    table.high[code] = uint8_t(value.bits >> 8);
  }
  return table;
}
constexpr DecodeTable kDecodeTable = makeDecodeTable();

[[clang::always_inline]] inline Chunk loadChunk(const bf16 *from,
                                                uint32_t count = kChunk) {
  uint64_t bits = firstBits(count);
  return {_mm512_maskz_loadu_epi16(__mmask32(bits), from),
          _mm512_maskz_loadu_epi16(__mmask32(bits >> 32), from + 32)};
}

[[clang::always_inline]] inline Chunk loadChunk(const f8e4m3fn *from,
                                                uint32_t count = kChunk) {
  __m512i codes = _mm512_maskz_loadu_epi8(firstBits(count), from);
  // The unpacks work inside lanes of 16 bytes: each lane is given 8 codes of
  // the first half, then 8 of the second.
  codes = _mm512_permutexvar_epi64(_mm512_setr_epi64(0, 4, 1, 5, 2, 6, 3, 7),
                                   codes);
  // The look-up takes the low 7 bits of a code, the magnitude.
  __m512i low =
      _mm512_permutex2var_epi8(_mm512_load_si512(kDecodeTable.low), codes,
                               _mm512_load_si512(kDecodeTable.low + 64));
  __m512i high =
      _mm512_permutex2var_epi8(_mm512_load_si512(kDecodeTable.high), codes,
                               _mm512_load_si512(kDecodeTable.high + 64));
  constexpr int kOrAnd = 0xf8; // high | (codes & sign)
  high = _mm512_ternarylogic_epi32(high, codes, _mm512_set1_epi8(-128), kOrAnd);
  return {_mm512_unpacklo_epi8(low, high), _mm512_unpackhi_epi8(low, high)};
}

[[clang::always_inline]] inline void storeChunk(bf16 *to, Chunk chunk) {
  _mm512_storeu_si512(to, chunk.first);
  _mm512_storeu_si512(to + 32, chunk.second);
}

/// vdpbf16ps treats subnormal elements as zero and flushes such sums; decoded
/// f8e4m3fn codes are never subnormal.
[[clang::always_inline]] inline void multiplyAdd(Floats &first, Floats &second,
                                                 Chunk x, Chunk w) {
  first = _mm512_dpbf16_ps(first, __m512bh(x.first), __m512bh(w.first));
  second = _mm512_dpbf16_ps(second, __m512bh(x.second), __m512bh(w.second));
}

} // namespace
} // namespace ds::kernels
