// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Rows of a matrix, some columns of each, in shared memory; and how they get
// there. Chunks of 16 bytes are turned within their row so that the octets of a
// warp come without bank conflicts.
#pragma once
#include "kernels/base/Octet.cuh"

namespace ds::kernels::cuda {

constexpr uint32_t kChunkBytes = 16;

/// Which octets come without bank conflicts: those along rows, from rows that
/// are neighbours or four apart; or those down the columns, from every eighth
/// row.
enum class Octets { AlongRows, DownColumns };

/// `kColumns` columns; as many rows as there is room for.
template <class T, uint32_t kColumns, Octets octets = Octets::AlongRows>
struct SharedTile {
  static constexpr uint32_t kRowBytes = kColumns * sizeof(T);
  static constexpr uint32_t kChunks = kRowBytes / kChunkBytes;
  static_assert(kChunks >= 8);
  /// Chunks that the four octets of a row and step take.
  static constexpr uint32_t kStepChunks = kOctetStep * sizeof(T) / kChunkBytes;

  uint8_t *bytes;

  DS_DEVICE uint8_t *chunk(uint32_t row, uint32_t chunk) const {
    const uint32_t turn =
        octets == Octets::AlongRows
            ? (row + row / 4) % (8 / kStepChunks) * kStepChunks
            : row / 8 % 4 * 2;
    return bytes + row * kRowBytes + (chunk ^ turn) * kChunkBytes;
  }
  /// Columns `column` .. column + 7.
  DS_DEVICE auto octet(uint32_t row, uint32_t column) const {
    const uint32_t byte = column * sizeof(T);
    return loadOctet(reinterpret_cast<const T *>(
        chunk(row, byte / kChunkBytes) + byte % kChunkBytes));
  }
};

/// Whether 16-byte accesses may begin at any multiple of `unit` elements from a
/// matrix on. Operands start at multiples of 256 bytes in device memory
/// (DeviceCall.h), so the shape decides there, which the compiler knows; in
/// emulation they may start anywhere.
template <class T>
DS_DEVICE bool inChunks(const T *matrix, uint32_t unit) {
  bool starts = true;
#if DS_EMULATED
  starts = reinterpret_cast<uintptr_t>(matrix) % kChunkBytes == 0;
#endif
  return starts && unit * sizeof(T) % kChunkBytes == 0;
}

/// Fills a chunk with the first `left` elements, one by one, and zeros.
template <class T>
DS_DEVICE void fillChunk(uint8_t *chunk, const T *from, uint32_t left) {
#pragma unroll 1
  for (uint32_t i = 0; i < kChunkBytes / sizeof(T); ++i)
    reinterpret_cast<T *>(chunk)[i] = i < left ? from[i] : T{};
}

/// Brings rows from global memory into tiles, all threads of the block
/// together. Columns from `columns` on become 0.
template <class T, uint32_t kRows, uint32_t kColumns, uint32_t kThreads,
          class RowAt>
class RowLoader {
  using Tile = SharedTile<T, kColumns>;
  static constexpr uint32_t kPieces = kRows * Tile::kChunks / kThreads;
  static constexpr uint32_t kPieceRows = kThreads / Tile::kChunks;
  static constexpr uint32_t kElements = kChunkBytes / sizeof(T);
  static_assert(kRows % kPieceRows == 0);

public:
  /// Row i of the tiles is at rowAt(i), or left out where that is null: what is
  /// computed from it is not stored. rowAt is asked again for every step, which
  /// costs less than registers would. Rows are `columns` long and in chunks or
  /// not (inChunks).
  DS_DEVICE RowLoader(uint32_t columns, bool chunks, RowAt rowAt)
      : columns_(columns), chunks_(chunks), rowAt_(rowAt) {}

  /// Columns `column` .. column + kColumns - 1 into the tile at `to`, complete
  /// once the thread's copies are.
  DS_DEVICE void load(Tile to, uint32_t column) const {
    const uint32_t chunk = threadIndex() % Tile::kChunks;
    const uint32_t first = column + chunk * kElements;
    const uint32_t left = first < columns_ ? columns_ - first : 0;
    const uint32_t skip = left != 0 ? first : 0;
    const uint32_t elements = left < kElements ? left : kElements;
#pragma unroll
    for (uint32_t i = 0; i < kPieces; ++i) {
      const uint32_t row = threadIndex() / Tile::kChunks + i * kPieceRows;
      const T *from = rowAt_(row);
      if (!from)
        continue;
      if (chunks_)
        copyAsync16(to.chunk(row, chunk), from + skip, elements * sizeof(T));
      else
        fillChunk(to.chunk(row, chunk), from + skip, elements);
    }
  }

private:
  uint32_t columns_;
  bool chunks_;
  RowAt rowAt_;
};

} // namespace ds::kernels::cuda
