// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A tile of silu(x gate^T) * (x up^T): 32 rows of x times 128 rows of each
// matrix, in the tiles of TileProduct.cuh. Rows of w lie in them so that the
// four sums of a lane next to each other are two of a gate and two of up, and
// the product is made in registers. 128 columns of y are a group of scales
// where y is quantised.
#pragma once
#include "kernels/base/Launch.cuh"
#include "kernels/base/Quad.cuh"
#include "kernels/base/Quantize.h"
#include "kernels/base/ScaleBlocks.cuh"

namespace ds::kernels::cuda {

/// Where y goes: A, or codes and their scales.
template <class A>
struct GatedOutput {
  A *y;          // [rows, columns]
  float *scales; // [rows, ceil(columns / 128)]; unused for bf16
  uint32_t columns, scaleFormat;
};

/// A lane's part of the products of its warp's 32 rows and 16 columns: quad
/// [i] is row 8 i + g, columns 4 t .. 4 t + 3.
struct GatedQuads {
  Quad row[2 * kDown];
};

/// Sums of `rows` x `columns` of both projections: row r is row place(r) of x,
/// column c is row `first` + c of gate and of up, where `first` is a multiple
/// of 128. Mma 0 and 1 of a warp have the gates of its columns, 2 and 3 their
/// ups.
template <class Units, class X, class W, class Place>
DS_DEVICE GatedQuads multiplyGated(const Vectors<X> &x, uint32_t rows,
                                   Place place, const Matrix<W> &gate,
                                   const Matrix<W> &up, uint32_t first,
                                   uint32_t columns) {
  using Sizes = GatedSizes<X, W>;
  const WarpPlace warp(Sizes::kWarpsAcross);
  const auto xRows = rowsOfX<Sizes>(x, rows, place);
  const bool chunks = inChunks(up.weights, up.in);
  const auto wRows = rowsOfW<Sizes>(
      gate,
      [=](uint32_t row) -> const W * {
        const uint32_t column = row / 4 * 2 + row % 2;
        return column >= columns ? nullptr
               : row % 4 < 2     ? gate.row(first + column)
                                 : up.row(first + column);
      },
      chunks);
  const RowScales<X, Place> scales(x, warp.row, rows, place);
  const WarpSums sums = multiplyTile<Units, Sizes>(
      rows, 2 * columns, ceilDiv(x.in, Sizes::kDepth),
      [&](uint32_t step, auto xTile, auto wTile) {
        xRows.load(xTile, step * Sizes::kDepth);
        wRows.load(wTile, step * Sizes::kDepth);
      },
      [&](WarpSums &total, const WarpSums &part, uint32_t step) {
        float gateFactor = 1, upFactor = 1;
        if constexpr (kScaled<W>) {
          gateFactor = factorAt(gate.factorRow(first), step);
          upFactor = factorAt(up.factorRow(first), step);
        }
        promote<X, W>(total, part, scales, step, [&](uint32_t j, uint32_t) {
          return j < 2 ? gateFactor : upFactor;
        });
      });
  GatedQuads products;
#pragma unroll
  for (uint32_t i = 0; i < 2 * kDown; ++i)
#pragma unroll
    for (uint32_t c = 0; c < kQuadColumns; ++c) {
      const uint32_t at = i % 2 * 2 + c / 2; // row's half, then column's
      products.row[i].lane[c] =
          mul(silu(sums.d[i / 2][c % 2][at]), sums.d[i / 2][2 + c % 2][at]);
    }
  return products;
}

/// Writes the tile's part of y: rows from `row` on, columns from `first` on.
/// All threads of the block; `shared` has kGatedLargest bytes.
template <class A>
DS_DEVICE void storeGated(const GatedQuads &products, uint32_t row,
                          uint32_t rows, uint32_t first, uint32_t columns,
                          const GatedOutput<A> &to, void *shared) {
  const WarpPlace warp(kGatedWarps);
  const uint32_t column = warpIndex() * 16 + warp.t * kQuadColumns;
  const uint32_t count = column < columns ? columns - column : 0;
  const bool whole = areWhole(to.columns) && inChunks(to.y, to.columns);
  if constexpr (!kScaled<A>) {
#pragma unroll
    for (uint32_t i = 0; i < 2 * kDown; ++i)
      if (8 * i + warp.g < rows && count != 0)
        storeQuad(rowOf(to.y, row + 8 * i + warp.g, to.columns) + first +
                      column,
                  products.row[i], count, whole);
  } else {
    // Without the sign, bits order magnitudes, NaN above infinity.
    auto *largest = static_cast<uint32_t *>(shared); // [kGatedWarps][32 rows]
#pragma unroll
    for (uint32_t i = 0; i < 2 * kDown; ++i) {
      uint32_t most = 0;
#pragma unroll
      for (uint32_t c = 0; c < kQuadColumns; ++c) {
        const uint32_t bits =
            __builtin_bit_cast(uint32_t, absolute(products.row[i].lane[c]));
        most = c < count && bits > most ? bits : most;
      }
#pragma unroll
      for (uint32_t mask = 1; mask < 4; mask *= 2) {
        const uint32_t other = shuffleXor(most, mask);
        most = other > most ? other : most;
      }
      if (warp.t == 0)
        largest[warpIndex() * kGatedRowsOfX + 8 * i + warp.g] = most;
    }
    syncBlock();
#pragma unroll
    for (uint32_t i = 0; i < 2 * kDown; ++i) {
      const uint32_t at = 8 * i + warp.g;
      if (at >= rows)
        continue;
      uint32_t most = 0;
      for (uint32_t w = 0; w < kGatedWarps; ++w) {
        const uint32_t other = largest[w * kGatedRowsOfX + at];
        most = other > most ? other : most;
      }
      const float scale =
          groupScale(__builtin_bit_cast(float, most), to.scaleFormat);
      if (column == 0)
        rowOf(to.scales, row + at,
              scaleGroups(to.columns))[first / kScaleGroup] = scale;
      const Quad &x = products.row[i];
      const uint32_t codes =
          encode4(divide(x.lane[0], scale), divide(x.lane[1], scale),
                  divide(x.lane[2], scale), divide(x.lane[3], scale));
      A *place = rowOf(to.y, row + at, to.columns) + first + column;
      if (whole && count != 0) {
        store4(place, codes);
        continue;
      }
      for (uint32_t c = 0; c < kQuadColumns; ++c)
        if (c < count)
          place[c].bits = uint8_t(codes >> 8 * c);
    }
  }
}

} // namespace ds::kernels::cuda
