// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How a CUDA kernel in a plan is launched: what it gets, and how its grid
// follows from the batch. Plain data for compiler, runtime, emulation and
// kernels alike; nothing but C++ here.
#pragma once
#include "kernels/base/Abi.h"
#include "kernels/base/Inline.h"

namespace ds {

/// A CUtensorMap: 128 opaque bytes in device memory, made at load; by the driver
/// for a device, by emu::encodeTensorMap for the emulation.
struct alignas(64) TensorMap {
  unsigned char bytes[128];
};

inline constexpr uint32_t kDeviceOperands = 16; // most operands of a contract

/// The one parameter of every CUDA kernel. All pointers are device addresses.
/// Weights and buffers start at multiples of 256 bytes there; a slice of a
/// buffer at multiples of 16 where its columns allow.
struct DeviceCall {
  const Batch *batch; // and its arrays
  void *workspace;    // of the launch, shared by its blocks; undefined contents
  const TensorMap *maps;          // of the step, in the order of its launch
  void *operands[kDeviceOperands]; // as in Call; null beyond the contract's
};
static_assert(sizeof(DeviceCall) == 24 + 8 * kDeviceOperands);

/// How many tiles a launch has, and so its largest useful grid:
///   columns * (ceil(rows * perRow / rowsPerTile) + extra)
/// where rows are those of the run. Block b of g computes tiles b, b + g, ….
struct TileCount {
  enum Rows : uint32_t { One, Tokens, HeadRows };
  uint32_t rows; // of Rows: 1, Batch::tokens or Batch::rows
  uint32_t columns, perRow, rowsPerTile, extra;
};

/// Tiles of a run with this many tokens (or head rows).
DS_SHARED_FUNCTION constexpr uint32_t tilesOf(const TileCount &count,
                                              uint32_t rows) {
  uint64_t some = count.rows == TileCount::One ? 1 : rows;
  uint64_t down = (some * count.perRow + count.rowsPerTile - 1) /
                      count.rowsPerTile +
                  count.extra;
  return uint32_t(count.columns * down);
}

DS_SHARED_FUNCTION constexpr uint32_t tilesOf(const TileCount &count,
                                              const Batch &batch) {
  return tilesOf(count, count.rows == TileCount::HeadRows ? batch.rows
                                                          : batch.tokens);
}

/// A tensor map that a launch asks for (2-D, 128-byte swizzle, zeros outside):
/// of operand `operand`, or of each of `list` entries of a weight list from
/// `first` on, `stride` apart.
struct TensorMapSpec {
  uint32_t operand, first, stride, list; // list 0: the operand itself
  uint32_t elementBytes;                 // 1: e4m3, 2: bf16
  uint32_t columns;                      // elements of a row
  uint32_t rows;    // 0: those of the run at most, times perRow
  uint32_t perRow;
  uint32_t boxColumns, boxRows;
};

} // namespace ds
