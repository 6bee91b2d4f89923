// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Tensor maps for the emulation, under the rules of the driver's
// cuTensorMapEncodeTiled.
#pragma once
#include "kernels/base/DeviceCall.h"
#include <string>

namespace ds::emu {

/// A row-major matrix in device memory and the box that a load takes of it.
struct EmulatedMap {
  uint64_t mark;    // kMapMark
  const void *base; // 16-byte aligned
  uint64_t columns; // elements
  uint64_t rows;
  uint64_t pitch;      // bytes from row to row, a multiple of 16
  uint32_t boxColumns; // elements; their bytes a multiple of 16
  uint32_t boxRows;    // up to 256
  uint32_t elementBytes;
  uint32_t swizzled; // 1: 128-byte swizzle, of boxes 128 bytes wide
};
static_assert(sizeof(EmulatedMap) <= sizeof(TensorMap));
constexpr uint64_t kMapMark = 0x70616d20756d6564;

/// Writes `map`, whose mark is set here; says what is wrong with it otherwise.
std::string encodeTensorMap(TensorMap &to, EmulatedMap map);

} // namespace ds::emu
