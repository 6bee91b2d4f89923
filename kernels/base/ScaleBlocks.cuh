// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The factors of f8e4m3fn matrices and of quantised rows, and how the sums of
// one step of K, which is one block of scales then, are added to the totals.
#pragma once
#include "kernels/base/Quantize.h"
#include "kernels/base/TileProduct.cuh"

namespace ds::kernels::cuda {

DS_DEVICE float factorAt(const void *factors, size_t index) {
#if DS_EMULATED // where a matrix may start at any byte
  return unaligned<float>(factors, index);
#else
  return static_cast<const float *>(factors)[index];
#endif
}

/// Rows of x: bf16, or codes with one scale per 128 columns.
template <class X>
struct Vectors {
  const X *elements;
  const float *scales; // [rows, ceil(in / 128)]; unused for bf16
  uint32_t unit;       // elements: rows start at multiples of it
  uint32_t stride;     // elements between rows
  uint32_t in;

  /// Those from row `row` on.
  DS_DEVICE Vectors from(uint32_t row) const {
    Vectors rest = *this;
    rest.elements += size_t(row) * stride;
    if constexpr (kScaled<X>)
      rest.scales += size_t(row) * scaleGroups(in);
    return rest;
  }
  DS_DEVICE const X *row(uint32_t row) const {
    return elements + size_t(row) * stride;
  }
};

/// Neighbouring rows.
struct InOrder {
  DS_DEVICE uint32_t operator()(uint32_t row) const { return row; }
};

/// The factors of up to 128 neighbouring rows of a matrix, which lie in one or
/// two rows of blocks. All are 1 where the matrix has none.
template <class W>
class RowBlocks {
public:
  /// The `rows` rows from `row` on.
  DS_DEVICE RowBlocks(const Matrix<W> &w, uint32_t row, uint32_t rows)
      : factors_(w.factorRow(row)), perRow_(ceilDiv(w.in, kScaleBlock)),
        seam_(kScaleBlock - row % kScaleBlock), two_(rows > seam_) {}

  /// The factors of one block of columns.
  struct Pair {
    float first, second;
    uint32_t seam;
    /// That of the i-th row.
    DS_DEVICE float of(uint32_t i) const { return i < seam ? first : second; }
  };
  DS_DEVICE Pair at(uint32_t block) const {
    if constexpr (!kScaled<W>)
      return {1, 1, seam_};
    const float first = factorAt(factors_, block);
    return {first, two_ ? factorAt(factors_, perRow_ + block) : first, seam_};
  }

private:
  const char *factors_;
  uint32_t perRow_, seam_;
  bool two_;
};

/// The scales of the rows of x whose sums this lane has.
template <class X, class Place = InOrder>
class RowScales {
public:
  /// `row` is where the warp stands in the tile (WarpPlace).
  DS_DEVICE RowScales(const Vectors<X> &x, uint32_t row, uint32_t rows,
                      Place place)
      : scales_(x.scales), groups_(scaleGroups(x.in)),
        row_(row + laneIndex() / 4), rows_(rows), place_(place) {}

  /// Of row 8 i + g of the warp.
  DS_DEVICE float at(uint32_t i, uint32_t group) const {
    if constexpr (!kScaled<X>)
      return 1;
    const uint32_t row = row_ + 8 * i;
    return row < rows_ ? scales_[size_t(place_(row)) * groups_ + group] : 0;
  }

private:
  const float *scales_;
  uint32_t groups_, row_, rows_;
  Place place_;
};

/// total += part * factor of its row of w * scale of its row of x: the factors
/// are multiplied first, then one rounding of the product and sum. Without
/// factors total += part. factorOf(j, e): of the lane's columns 4 e + j.
template <class X, class W, class Scales, class FactorOf>
DS_DEVICE void promote(WarpSums &total, const WarpSums &part,
                       const Scales &scales, uint32_t block,
                       FactorOf &&factorOf) {
#pragma unroll
  for (uint32_t i = 0; i < 2 * kDown; ++i) {
    const uint32_t m = i / 2, h = i % 2;
    const float scale = scales.at(i, block);
#pragma unroll
    for (uint32_t j = 0; j < kAcross; ++j)
#pragma unroll
      for (uint32_t e = 0; e < 2; ++e) {
        float &sum = total.d[m][j][2 * h + e];
        const float more = part.d[m][j][2 * h + e];
        if constexpr (!kScaled<W>) {
          sum = add(sum, more);
        } else {
          float factor = factorOf(j, e);
          if constexpr (kScaled<X>)
            factor = mul(factor, scale);
          sum = fma(more, factor, sum);
        }
      }
  }
}

/// Brings rows of x into tiles of Sizes: row r is row place(r) of x.
template <class Sizes, class X, class Place>
DS_DEVICE auto rowsOfX(const Vectors<X> &x, uint32_t rows, Place place) {
  auto rowAt = [=](uint32_t row) -> const X * {
    return row < rows ? x.row(place(row)) : nullptr;
  };
  return RowLoader<X, Sizes::kRows, Sizes::kDepth, Sizes::kThreads,
                   decltype(rowAt)>(x.in, inChunks(x.elements, x.unit), rowAt);
}

/// Brings rows of w into tiles of Sizes; rowAt as in RowLoader. `chunks`:
/// whether rows of other matrices allow them too.
template <class Sizes, class W, class RowAt>
DS_DEVICE auto rowsOfW(const Matrix<W> &w, RowAt rowAt, bool chunks = true) {
  return RowLoader<W, Sizes::kColumns, Sizes::kDepth, Sizes::kThreads, RowAt>(
      w.in, chunks && inChunks(w.weights, w.in), rowAt);
}

/// Sums of `rows` x `columns`: row r is row place(r) of x, column c is row
/// `first` + c of w.
template <class Units, class X, class W, class Place>
DS_DEVICE WarpSums multiplyRows(const Vectors<X> &x, uint32_t rows, Place place,
                                const Matrix<W> &w, uint32_t first,
                                uint32_t columns) {
  using Sizes = TileSizes<X, W>;
  const WarpPlace warp(Sizes::kWarpsAcross);
  const W *begin = w.row(first);
  const auto xRows = rowsOfX<Sizes>(x, rows, place);
  const auto wRows = rowsOfW<Sizes>(w, [=](uint32_t row) -> const W * {
    return row < columns ? begin + size_t(row) * w.in : nullptr;
  });
  const RowBlocks<W> blocks(w, first, columns);
  const RowScales<X, Place> scales(x, warp.row, rows, place);
  return multiplyTile<Units, Sizes>(
      rows, columns, ceilDiv(x.in, Sizes::kDepth),
      [&](uint32_t step, auto xTile, auto wTile) {
        xRows.load(xTile, step * Sizes::kDepth);
        wRows.load(wTile, step * Sizes::kDepth);
      },
      [&](WarpSums &total, const WarpSums &part, uint32_t step) {
        const auto factors = blocks.at(step);
        promote<X, W>(total, part, scales, step, [&](uint32_t j, uint32_t e) {
          return factors.of(warp.column + kRun * warp.t + kAcross * e + j);
        });
      });
}

} // namespace ds::kernels::cuda
