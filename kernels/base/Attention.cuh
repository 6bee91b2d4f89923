// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the kernels of attention share: rows on their way to shared memory, and
// a running softmax over scores in matrix fragments (Mma.cuh), in which the
// four lanes of a quad hold one row.
#pragma once
#include "kernels/base/Mma.cuh"
#include "kernels/base/Pages.h"
#include "kernels/base/RunningSoftmax.h"

namespace ds::kernels::cuda {

/// A warp begins to copy `columns` elements to shared memory, and zeros from
/// there to `padded`, a multiple of 8; where not `valid`, zeros only. `aligned`
/// says that rows, and so `row`, begin at multiples of 16 bytes; then `row` is
/// to be an address of the operand also where not valid.
DS_DEVICE void copyRow(bf16 *shared, const bf16 *row, uint32_t columns,
                       uint32_t padded, bool valid, bool aligned) {
  const uint32_t usable = valid ? columns : 0;
  if (aligned) {
    for (uint32_t c = 8 * laneIndex(); c < padded; c += 8 * kWarpLanes) {
      const bool inside = c < usable; // columns is a multiple of 8
      copyAsync16(shared + c, row + (inside ? c : 0), inside ? 16 : 0);
    }
    return;
  }
  for (uint32_t c = laneIndex(); c < padded; c += kWarpLanes)
    shared[c] = c < usable ? row[c] : bf16{0};
}

/// The same for `rows` rows, `stride` elements apart, by all threads of the
/// block. Row i is at row(i), or zeros where that is null.
template <uint32_t kThreads, class Row>
DS_DEVICE void copyRows(bf16 *shared, uint32_t stride, uint32_t rows,
                        uint32_t columns, uint32_t padded, bool aligned,
                        Row &&row) {
  const uint32_t octets = padded / 8;
  for (uint32_t i = threadIndex(); i < rows * octets; i += kThreads) {
    const uint32_t c = i % octets * 8;
    const bf16 *from = row(i / octets);
    bf16 *to = shared + i / octets * stride + c;
    if (aligned && from && c < columns) {
      copyAsync16(to, from + c);
      continue;
    }
    for (uint32_t j = 0; j < 8; ++j)
      to[j] = from && c + j < columns ? from[c + j] : bf16{0};
  }
}

/// Columns c and c + 1 (c even) of a row of `columns`, rounded; those beyond
/// are left out. `aligned`: rows have an even number of elements.
DS_DEVICE void storePair(bf16 *row, uint32_t c, uint32_t columns, bool aligned,
                         float first, float second) {
  if (aligned) {
    if (c < columns)
      store4(row + c, packBF16(first, second));
    return;
  }
  if (c < columns)
    row[c] = toBF16(first);
  if (c + 1 < columns)
    row[c + 1] = toBF16(second);
}

/// Over the quad, in every lane of it. NaN is passed over.
DS_DEVICE float quadMax(float value) {
  value = maximum(value, shuffleXor(value, 1u));
  return maximum(value, shuffleXor(value, 2u));
}
DS_DEVICE float quadSum(float value) {
  value = add(value, shuffleXor(value, 1u));
  return add(value, shuffleXor(value, 2u));
}

/// Turns a row's scores, of which this lane has n, into weights; a score of
/// -infinity into 0. Returns the factor of older sums.
template <uint32_t n>
DS_DEVICE float addScores(RunningSoftmax &softmax, float (&scores)[n]) {
  float largest = softmax.largest;
#pragma unroll
  for (uint32_t i = 0; i < n; ++i)
    largest = maximum(largest, scores[i]);
  largest = quadMax(largest);
  float sum = 0;
#pragma unroll
  for (uint32_t i = 0; i < n; ++i) {
    scores[i] = exponential(sub(scores[i], largest));
    sum = add(sum, scores[i]);
  }
  const float factor = exponential(sub(softmax.largest, largest));
  softmax.sum = fma(softmax.sum, factor, quadSum(sum));
  softmax.largest = largest;
  return factor;
}

/// What two partial results are multiplied by before they are added.
struct MergeFactors {
  float older, newer;
};
/// Adds the keys of `newer` to those of `softmax`.
DS_DEVICE MergeFactors merge(RunningSoftmax &softmax,
                             const RunningSoftmax &newer) {
  const float largest = maximum(softmax.largest, newer.largest);
  const MergeFactors factors{exponential(sub(softmax.largest, largest)),
                             exponential(sub(newer.largest, largest))};
  softmax.sum = fma(newer.sum, factors.newer, mul(softmax.sum, factors.older));
  softmax.largest = largest;
  return factors;
}
DS_DEVICE float merged(const MergeFactors &factors, float older, float newer) {
  return fma(newer, factors.newer, mul(older, factors.older));
}

} // namespace ds::kernels::cuda
