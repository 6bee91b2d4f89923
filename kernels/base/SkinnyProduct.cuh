// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A tile of y = x w^T for a few rows of x: 16 rows of w times at most 8 rows of
// x, by a block of 8 warps that share K. Nothing but the last sum passes
// through shared memory: what a lane feeds to the tensor cores it loads itself,
// 16 bytes of a row of w at a time, and always some steps ahead, for the time
// goes into waiting for w. w is the left operand, of 16 rows.
//
// The order of a sum depends on the number of columns alone: warp i takes steps
// i, i + 8, … of 64 bytes of w; the sums of a step start from zero in the
// tensor cores and are then added, times the factors of their scale block, to a
// total in f32; at the end the warps' totals are added, warp by warp.
#pragma once
#include "kernels/base/ScaleBlocks.cuh"

namespace ds::kernels::cuda {

constexpr uint32_t kSkinnyAhead = 6; // steps loaded before their turn: 48 KiB

/// The i-th octet of elements T that chunks hold.
template <class T>
DS_DEVICE auto octetIn(const Vector16 *chunks, uint32_t i) {
  if constexpr (sizeof(T) == 2) {
    return chunks[i];
  } else {
    const Vector16 &pair = chunks[i / 2];
    return i % 2 ? Vector8{{pair.word[2], pair.word[3]}}
                 : Vector8{{pair.word[0], pair.word[1]}};
  }
}

/// What a lane needs for one step: its rows are rows g and g + 8 of w and row g
/// of x, its sums those of rows g and g + 8 of w and rows 2 t, 2 t + 1 of x.
template <class X, class W>
struct SkinnyStep {
  static constexpr uint32_t kOwn = kChunkBytes / sizeof(W); // columns of a lane
  static constexpr uint32_t kSpan = 4 * kOwn;               // of the warp
  static constexpr uint32_t kXChunks = kOwn * sizeof(X) / kChunkBytes;

  Vector16 w[2];
  Vector16 x[kXChunks];
  float factors[2]; // of the rows of w
  float scales[2];  // of the rows of x

  /// total += the step's products, by factor.
  DS_DEVICE void addTo(float (&total)[4]) const {
    float part[4] = {};
#pragma unroll
    for (uint32_t i = 0; i < kOwn / kOctet; ++i)
      BF16Units::multiply(part, BF16Units::octet(octetIn<W>(&w[0], i)),
                          BF16Units::octet(octetIn<W>(&w[1], i)),
                          BF16Units::octet(octetIn<X>(x, i)));
#pragma unroll
    for (uint32_t i = 0; i < 4; ++i) {
      if constexpr (!kScaled<W>)
        total[i] = add(total[i], part[i]);
      else if constexpr (!kScaled<X>)
        total[i] = fma(part[i], factors[i / 2], total[i]);
      else
        total[i] = fma(part[i], mul(factors[i / 2], scales[i % 2]), total[i]);
    }
  }
};

/// Loads the steps of a tile.
template <class X, class W>
class SkinnyLoader {
  using Step = SkinnyStep<X, W>;

public:
  /// Rows `first` .. first + columns - 1 of w, place(0) .. place(rows - 1) of
  /// x. What is beyond repeats the last of them and is not stored.
  template <class Place>
  DS_DEVICE SkinnyLoader(const Vectors<X> &x, uint32_t rows, Place &&place,
                         const Matrix<W> &w, uint32_t first, uint32_t columns)
      : in_(x.in), xInChunks_(inChunks(x.elements, x.unit)),
        wInChunks_(inChunks(w.weights, w.in)) {
    const uint32_t g = laneIndex() / 4, t = laneIndex() % 4;
    x_ = x.elements + size_t(place(smaller(g, rows - 1))) * x.stride;
#pragma unroll
    for (uint32_t i = 0; i < 2; ++i) {
      const uint32_t row = first + smaller(g + 8 * i, columns - 1);
      w_[i] = w.row(row);
      factors_[i] = w.factorRow(row);
      if constexpr (kScaled<X>)
        scales_[i] = x.scales + size_t(place(smaller(2 * t + i, rows - 1))) *
                                    scaleGroups(x.in);
    }
  }

  DS_DEVICE Step load(uint32_t step) const {
    Step result{};
    const uint32_t column = step * Step::kSpan + laneIndex() % 4 * Step::kOwn;
#pragma unroll
    for (uint32_t i = 0; i < 2; ++i)
      result.w[i] = chunk(w_[i], column, wInChunks_);
#pragma unroll
    for (uint32_t i = 0; i < Step::kXChunks; ++i)
      result.x[i] = chunk(x_, column + i * (kChunkBytes / uint32_t(sizeof(X))),
                          xInChunks_);
    const uint32_t block = step * Step::kSpan / kScaleBlock;
    if (step * Step::kSpan >= in_)
      return result; // nobody uses it
#pragma unroll
    for (uint32_t i = 0; i < 2; ++i) {
      if constexpr (kScaled<W>)
        result.factors[i] = factorAt(factors_[i], block);
      if constexpr (kScaled<X>)
        result.scales[i] = scales_[i][block];
    }
    return result;
  }

private:
  /// 16 bytes of a row from `column` on; zeros behind its end.
  template <class T>
  DS_DEVICE Vector16 chunk(const T *row, uint32_t column, bool whole) const {
    if (column >= in_)
      return {};
    if (whole)
      return loadReadOnly16(row + column);
    Vector16 chunk{};
#pragma unroll
    for (uint32_t i = 0; i < kChunkBytes / sizeof(T); ++i)
      if (column + i < in_)
        chunk.word[i * sizeof(T) / 4] |= uint32_t(row[column + i].bits)
                                         << i * sizeof(T) % 4 * 8;
    return chunk;
  }

  uint32_t in_;
  bool xInChunks_, wInChunks_;
  const X *x_;
  const W *w_[2];
  const char *factors_[2];
  const float *scales_[2];
};

/// Calls write(r, c, value) for every sum of `rows` (at most 8) x `columns` (at
/// most 16): row r is row place(r) of x, column c is row `first` + c of w.
template <class X, class W, class Place, class Write>
DS_DEVICE void multiplySkinny(const Vectors<X> &x, uint32_t rows, Place &&place,
                              const Matrix<W> &w, uint32_t first,
                              uint32_t columns, Write &&write) {
  using Step = SkinnyStep<X, W>;
  const SkinnyLoader<X, W> loader(x, rows, place, w, first, columns);
  const uint32_t steps = ceilDiv(x.in, Step::kSpan);
  Step ahead[kSkinnyAhead];
#pragma unroll
  for (uint32_t i = 0; i < kSkinnyAhead; ++i)
    ahead[i] = loader.load(warpIndex() + i * kSkinnyWarps);
  float total[4] = {};
#pragma unroll 1
  for (uint32_t step = warpIndex(); step < steps;
       step += kSkinnyAhead * kSkinnyWarps) {
#pragma unroll
    for (uint32_t i = 0; i < kSkinnyAhead; ++i) {
      const uint32_t now = step + i * kSkinnyWarps;
      if (now < steps)
        ahead[i].addTo(total);
      ahead[i] = loader.load(now + kSkinnyAhead * kSkinnyWarps);
    }
  }
  auto *sums = sharedMemory<float>(); // [kSkinnyWarps][16 of w][8 of x]
  const uint32_t g = laneIndex() / 4, t = laneIndex() % 4;
#pragma unroll
  for (uint32_t i = 0; i < 4; ++i)
    sums[warpIndex() * kSkinnySums + (g + i / 2 * 8) * kSkinnyRows + 2 * t +
         i % 2] = total[i];
  syncBlock();
  const uint32_t column = threadIndex() % kSkinnyColumns;
  const uint32_t row = threadIndex() / kSkinnyColumns;
  if (row < rows && column < columns) {
    float sum = 0;
    for (uint32_t warp = 0; warp < kSkinnyWarps; ++warp)
      sum = add(sum, sums[warp * kSkinnySums + column * kSkinnyRows + row]);
    write(row, column, sum);
  }
}

} // namespace ds::kernels::cuda
