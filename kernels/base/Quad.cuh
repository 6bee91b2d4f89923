// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Four neighbouring elements of a row as f32: what a thread of a memory-bound
// kernel moves at once.
#pragma once
#include "kernels/base/Items.h"
#include "kernels/base/Ptx.cuh"

namespace ds::kernels::cuda {

struct alignas(16) Quad {
  float lane[kQuadColumns];
};

/// Whether every quad of a matrix has four elements and starts at a multiple of
/// their bytes; a constant of the shape. The numbers are columns: widths,
/// strides, offsets.
template <class... Columns>
DS_DEVICE constexpr bool areWhole(Columns... columns) {
  return (... && (columns % kQuadColumns == 0));
}

/// Elements from[0] .. from[3], where not whole only `count` of them and zeros.
DS_DEVICE Quad loadQuad(const float *from, uint32_t count, bool whole) {
  if (whole)
    return __builtin_bit_cast(Quad, load16(from));
  Quad quad = {};
  for (uint32_t i = 0; i < kQuadColumns; ++i)
    if (i < count)
      quad.lane[i] = from[i];
  return quad;
}

/// Four bf16, as they lie in memory.
using PackedQuad = Vector8;

DS_DEVICE Quad unpack(PackedQuad packed) {
  return {{lowBF16(packed.word[0]), highBF16(packed.word[0]),
           lowBF16(packed.word[1]), highBF16(packed.word[1])}};
}

/// As loadQuad.
DS_DEVICE PackedQuad loadPacked(const bf16 *from, uint32_t count, bool whole) {
  if (whole)
    return load8(from);
  PackedQuad packed = {};
  for (uint32_t i = 0; i < kQuadColumns; ++i)
    if (i < count)
      packed.word[i / 2] |= uint32_t(from[i].bits) << (i % 2 * 16);
  return packed;
}
DS_DEVICE Quad loadQuad(const bf16 *from, uint32_t count, bool whole) {
  return unpack(loadPacked(from, count, whole));
}

/// Writes as many elements as loadQuad reads; each is rounded once.
DS_DEVICE void storeQuad(float *to, const Quad &quad, uint32_t count,
                         bool whole) {
  if (whole)
    return store16(to, __builtin_bit_cast(Vector16, quad));
  for (uint32_t i = 0; i < kQuadColumns; ++i)
    if (i < count)
      to[i] = quad.lane[i];
}

DS_DEVICE void storeQuad(bf16 *to, const Quad &quad, uint32_t count,
                         bool whole) {
  if (whole)
    return store8(to, {{packBF16(quad.lane[0], quad.lane[1]),
                        packBF16(quad.lane[2], quad.lane[3])}});
  for (uint32_t i = 0; i < kQuadColumns; ++i)
    if (i < count)
      to[i] = toBF16(quad.lane[i]);
}

/// Each sum rounded once.
DS_DEVICE Quad add(const Quad &a, const Quad &b) {
  Quad sum;
  for (uint32_t i = 0; i < kQuadColumns; ++i)
    sum.lane[i] = add(a.lane[i], b.lane[i]);
  return sum;
}

} // namespace ds::kernels::cuda
