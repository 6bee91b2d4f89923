// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Products with columns of w, y = x w, in the tiles of TileProduct.cuh: a step
// of K is some rows of w, 128 columns of each.
#pragma once
#include "kernels/base/ScaleBlocks.cuh"

namespace ds::kernels::cuda {

/// Column j of four of `rows` (lane's k), pairs of rows in a word.
DS_DEVICE Vector16 columnOf(const Vector8 (&rows)[kOctet], uint32_t j) {
  Vector16 column;
#pragma unroll
  for (uint32_t i = 0; i < 4; ++i) {
    const uint32_t even = rows[2 * i].word[j / 2];
    const uint32_t odd = rows[2 * i + 1].word[j / 2];
    column.word[i] =
        j % 2 ? even >> 16 | (odd & 0xffff0000) : (even & 0xffff) | odd << 16;
  }
  return column;
}

/// w in shared memory as it lies in the checkpoint, a row for each k: a lane
/// reads four columns of eight rows and turns them round in registers.
template <class W, uint32_t>
struct ColumnMajor {
  using Tile = SharedTile<W, kTileColumns, Octets::DownColumns>;
  template <class Units>
  DS_DEVICE static void octets(Tile w, WarpPlace place, uint32_t k,
                               typename Units::Octet (&octet)[kAcross]) {
    const uint32_t byte = (place.column + 4 * place.g) * sizeof(W);
    auto at = [&](uint32_t i) {
      return w.chunk(k + kOctet * place.t + i, byte / kChunkBytes) +
             byte % kChunkBytes;
    };
    if constexpr (sizeof(W) == 1) {
      const uint32_t first[] = {load4(at(0)), load4(at(1)), load4(at(2)),
                                load4(at(3))};
      const uint32_t second[] = {load4(at(4)), load4(at(5)), load4(at(6)),
                                 load4(at(7))};
      const Vector16 low = transposeCodes(first), high = transposeCodes(second);
#pragma unroll
      for (uint32_t j = 0; j < kAcross; ++j)
        octet[j] = Units::octet(Vector8{{low.word[j], high.word[j]}});
    } else {
      Vector8 rows[kOctet];
#pragma unroll
      for (uint32_t i = 0; i < kOctet; ++i)
        rows[i] = load8(at(i));
#pragma unroll
      for (uint32_t j = 0; j < kAcross; ++j)
        octet[j] = columnOf(rows, j);
    }
  }
};

/// Rows of a matrix as steps of K: rows `first` .. first + count - 1 of w stand
/// at k = lead .. lead + count - 1, everything before and behind is 0.
struct KRows {
  uint32_t first, count, lead;

  /// Whether k is one of them, and which.
  DS_DEVICE bool has(uint32_t k) const { return k - lead < count; }
};

/// Brings columns `column` .. column + 127 of rows k .. k + kDepth - 1 into a
/// tile of ColumnMajor.
template <class W, uint32_t kDepth, uint32_t kThreads>
DS_DEVICE void loadKRows(typename ColumnMajor<W, kDepth>::Tile to,
                         const Matrix<W> &w, KRows rows, uint32_t k,
                         uint32_t column) {
  using Tile = typename ColumnMajor<W, kDepth>::Tile;
  constexpr uint32_t kElements = kChunkBytes / sizeof(W);
  const uint32_t chunk = threadIndex() % Tile::kChunks;
  const uint32_t begin = column + chunk * kElements;
  const uint32_t left = begin < w.in ? smaller(w.in - begin, kElements) : 0;
  const bool copies = inChunks(w.weights, w.in);
#pragma unroll
  for (uint32_t row = threadIndex() / Tile::kChunks; row < kDepth;
       row += kThreads / Tile::kChunks) {
    uint8_t *chunkTo = to.chunk(row, chunk);
    if (!rows.has(k + row) || left == 0) {
      store16(chunkTo, {});
      continue;
    }
    const W *from = w.row(rows.first + k + row - rows.lead) + begin;
    if (copies)
      copyAsync16(chunkTo, from, left * sizeof(W));
    else
      fillChunk(chunkTo, from, left);
  }
}

/// Brings `rows` rows of f32, rounded to bf16 once, into a tile: element i of a
/// row stands at k = lead + i; `columns` elements, zeros around.
template <uint32_t kRows, uint32_t kDepth, uint32_t kThreads>
DS_DEVICE void loadRounded(SharedTile<bf16, kDepth> to, const float *x,
                           uint32_t stride, uint32_t columns, uint32_t lead,
                           uint32_t rows, uint32_t k) {
  using Tile = SharedTile<bf16, kDepth>;
  const uint32_t chunk = threadIndex() % Tile::kChunks;
  const uint32_t begin = k + chunk * kOctet - lead; // may be below 0
#pragma unroll
  for (uint32_t row = threadIndex() / Tile::kChunks; row < kRows;
       row += kThreads / Tile::kChunks) {
    if (row >= rows)
      continue;
    const float *from = x + size_t(row) * stride;
    float values[kOctet];
#pragma unroll
    for (uint32_t i = 0; i < kOctet; ++i)
      values[i] = begin + i < columns ? from[begin + i] : 0;
    store16(to.chunk(row, chunk),
            {{packBF16(values[0], values[1]), packBF16(values[2], values[3]),
              packBF16(values[4], values[5]), packBF16(values[6], values[7])}});
  }
}

/// Sums of `rows` x 128 columns of w from `column` on, which lie in one column
/// of blocks: x f32 [rows, stride], of each row the first `count` elements
/// times rows `first` .. first + count - 1 of w.
template <class W>
DS_DEVICE WarpSums multiplyColumns(const float *x, uint32_t stride,
                                   uint32_t rows, const Matrix<W> &w,
                                   uint32_t first, uint32_t count,
                                   uint32_t column) {
  using Sizes = TileSizes<bf16, W>;
  // A step is one row of blocks, however the first row of w lies in it.
  const KRows kRows{first, count, kScaled<W> ? first % kScaleBlock : 0};
  const RowScales<bf16> none(Vectors<bf16>{}, 0, 0, InOrder());
  return multiplyTile<BF16Units, Sizes, ColumnMajor>(
      rows, smaller(w.in - column, kTileColumns),
      ceilDiv(kRows.lead + count, Sizes::kDepth),
      [&](uint32_t step, auto xTile, auto wTile) {
        const uint32_t k = step * Sizes::kDepth;
        loadRounded<Sizes::kRows, Sizes::kDepth, Sizes::kThreads>(
            xTile, x, stride, count, kRows.lead, rows, k);
        loadKRows<W, Sizes::kDepth, Sizes::kThreads>(wTile, w, kRows, k,
                                                     column);
      },
      [&](WarpSums &total, const WarpSums &part, uint32_t step) {
        float factor = 1;
        if constexpr (kScaled<W>)
          factor = factorAt(w.factorRow(first + step * kScaleBlock),
                            column / kScaleBlock);
        promote<bf16, W>(total, part, none, 0,
                         [&](uint32_t, uint32_t) { return factor; });
      });
}

} // namespace ds::kernels::cuda
