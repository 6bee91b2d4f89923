// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A tile of y = x w^T: at most 64 rows of x times 128 rows of w, or 32 times
// 256, by a block of 8 warps. Steps of K pass through shared memory, several in
// flight. The sums of one step start from zero in the tensor cores and are then
// added, times the factors of their scale blocks where there are any, to totals
// in f32.
//
// The order of a sum depends on the number of columns alone: within a step as
// mma adds, 16 (F8Units: 32) columns at a time, then step by step. Which row of
// a tile a token has, and what the other rows hold, changes nothing.
#pragma once
#include "kernels/base/SharedTile.cuh"
#include "kernels/base/TileSizes.h"

namespace ds::kernels::cuda {

constexpr uint32_t kMmaRows = 16;      // rows of x that one mma takes
constexpr uint32_t kDown = 2;          // mma of a warp, one below the other
constexpr uint32_t kAcross = 4;        // mma of a warp, side by side
constexpr uint32_t kRun = 2 * kAcross; // neighbouring columns that a lane has

/// A lane's part of its warp's sums. d[m][j][2 h + e] is row 16 m + 8 h + g and
/// column 8 t + 4 e + j of the warp's 32 x 32, with g and t as in Octet.cuh:
/// column g of mma j is row 4 g + j of w, so that a lane has runs of
/// neighbours.
struct WarpSums {
  float d[kDown][kAcross][4];
};

/// Where the caller's warp and lane stand in the block's tile.
struct WarpPlace {
  uint32_t row, column, g, t;

  DS_DEVICE explicit WarpPlace(uint32_t warpsAcross)
      : row(warpIndex() / warpsAcross * (kDown * kMmaRows)),
        column(warpIndex() % warpsAcross * (kAcross * 8)), g(laneIndex() / 4),
        t(laneIndex() % 4) {}
};

/// w in shared memory as it lies in the checkpoint: a row holds one step of K.
template <class W, uint32_t kDepth>
struct RowMajor {
  using Tile = SharedTile<W, kDepth>;
  template <class Units>
  DS_DEVICE static void octets(Tile w, WarpPlace place, uint32_t k,
                               typename Units::Octet (&octet)[kAcross]) {
#pragma unroll
    for (uint32_t j = 0; j < kAcross; ++j)
      octet[j] = Units::octet(
          w.octet(place.column + 4 * place.g + j, k + kOctet * place.t));
  }
};

/// part += the warp's products of one step; `down` of its rows of mma.
template <class Units, class Columns, uint32_t down, class XTile, class WTile>
DS_DEVICE void multiplyStep(WarpSums &part, XTile x, WTile w, uint32_t depth,
                            WarpPlace place) {
#pragma unroll 4
  for (uint32_t k = 0; k < depth; k += kOctetStep) {
    typename Units::Octet column[kAcross];
    Columns::template octets<Units>(w, place, k, column);
#pragma unroll
    for (uint32_t m = 0; m < down; ++m) {
      const uint32_t row = place.row + m * kMmaRows + place.g;
      const uint32_t first = k + kOctet * place.t;
      const auto low = Units::octet(x.octet(row, first));
      const auto high = Units::octet(x.octet(row + 8, first));
#pragma unroll
      for (uint32_t j = 0; j < kAcross; ++j)
        Units::multiply(part.d[m][j], low, high, column[j]);
    }
  }
}

/// Adds up `steps` steps of a tile of `rows` x `columns`. load(step, x, w)
/// begins to bring a step into shared memory; promote(total, part, step) adds a
/// step's sums to the totals.
template <class Units, class Sizes,
          template <class, uint32_t> class Layout = RowMajor, class Load,
          class Promote>
DS_DEVICE WarpSums multiplyTile(uint32_t rows, uint32_t columns, uint32_t steps,
                                Load &&load, Promote &&promote) {
  using Columns = Layout<typename Sizes::W, Sizes::kDepth>;
  using XTile = SharedTile<typename Sizes::X, Sizes::kDepth>;
  using WTile = typename Columns::Tile;
  constexpr uint32_t kXBytes = Sizes::kRows * XTile::kRowBytes;
  auto xAt = [](uint32_t step) {
    return XTile{sharedMemory() + step % Sizes::kSteps * Sizes::kStepBytes};
  };
  auto wAt = [](uint32_t step) {
    return WTile{sharedMemory() + step % Sizes::kSteps * Sizes::kStepBytes +
                 kXBytes};
  };
  const WarpPlace place(Sizes::kWarpsAcross);
  // Rows of mma of this warp that have anything to do.
  const uint32_t left = place.row < rows ? rows - place.row : 0;
  const uint32_t down =
      place.column >= columns ? 0 : (left + kMmaRows - 1) / kMmaRows;
  WarpSums total{};
#pragma unroll
  for (uint32_t step = 0; step + 1 < Sizes::kSteps; ++step) {
    if (step < steps)
      load(step, xAt(step), wAt(step));
    copyAsyncCommit();
  }
#pragma unroll 1
  for (uint32_t step = 0; step < steps; ++step) {
    copyAsyncWait<Sizes::kSteps - 2>();
    syncBlock(); // `step` is here, and nobody reads step - 1 any more
    const uint32_t next = step + Sizes::kSteps - 1;
    if (next < steps)
      load(next, xAt(next), wAt(next));
    copyAsyncCommit();
    if (down == 0)
      continue;
    WarpSums part{};
    if (down >= kDown)
      multiplyStep<Units, Columns, kDown>(part, xAt(step), wAt(step),
                                          Sizes::kDepth, place);
    else
      multiplyStep<Units, Columns, 1>(part, xAt(step), wAt(step), Sizes::kDepth,
                                      place);
    promote(total, part, step);
  }
  copyAsyncWait<0>();
  return total;
}

/// Calls write(row, column, values, count) for every run of the warp's sums
/// that lies in the tile: `count` (1 .. kRun) values of columns from `column`
/// on.
template <class Write>
DS_DEVICE void forRuns(const WarpSums &sums, uint32_t rows, uint32_t columns,
                       Write &&write) {
  const WarpPlace place(kTileColumns / 32);
  const uint32_t column = place.column + kRun * place.t;
  if (column >= columns)
    return;
  const uint32_t count = columns - column < kRun ? columns - column : kRun;
#pragma unroll
  for (uint32_t m = 0; m < kDown; ++m)
#pragma unroll
    for (uint32_t h = 0; h < 2; ++h) {
      const uint32_t row = place.row + kMmaRows * m + 8 * h + place.g;
      if (row >= rows)
        continue;
      float values[kRun];
#pragma unroll
      for (uint32_t j = 0; j < kAcross; ++j) {
        values[j] = sums.d[m][j][2 * h];
        values[kAcross + j] = sums.d[m][j][2 * h + 1];
      }
      write(row, column, values, count);
    }
}

/// Stores the first `count` values of a run; whole runs in 16-byte stores where
/// the place allows.
DS_DEVICE void storeRun(float *to, const float (&values)[kRun],
                        uint32_t count) {
  if (count == kRun && reinterpret_cast<uintptr_t>(to) % 16 == 0) {
#pragma unroll
    for (uint32_t i = 0; i < kRun; i += 4)
      store16(to + i, {{__builtin_bit_cast(uint32_t, values[i]),
                        __builtin_bit_cast(uint32_t, values[i + 1]),
                        __builtin_bit_cast(uint32_t, values[i + 2]),
                        __builtin_bit_cast(uint32_t, values[i + 3])}});
    return;
  }
#pragma unroll
  for (uint32_t i = 0; i < kRun; ++i)
    if (i < count)
      to[i] = values[i];
}
DS_DEVICE void storeRun(bf16 *to, const float (&values)[kRun], uint32_t count) {
  if (count == kRun && reinterpret_cast<uintptr_t>(to) % 16 == 0) {
    store16(to,
            {{packBF16(values[0], values[1]), packBF16(values[2], values[3]),
              packBF16(values[4], values[5]), packBF16(values[6], values[7])}});
    return;
  }
#pragma unroll
  for (uint32_t i = 0; i < kRun; ++i)
    if (i < count)
      to[i] = toBF16(values[i]);
}

} // namespace ds::kernels::cuda
