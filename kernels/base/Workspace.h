// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How a kernel divides its worker's workspace: the same function counts the
// bytes (workspace null) and deals them out.
#pragma once
#include "kernels/base/Inline.h"
#include <stddef.h>
#include <stdint.h>

namespace ds::kernels {

struct WorkspacePieces {
  void *workspace;
  uint64_t used = 0;

  /// The next `count` elements, 64-byte aligned.
  template <class T>
  DS_INLINE T *take(uint64_t count) {
    T *piece = reinterpret_cast<T *>(uintptr_t(workspace) + used);
    used += (count * sizeof(T) + 63) / 64 * 64;
    return piece;
  }
};

/// Columns of an f32 row that is worked on in whole vectors of every level.
DS_SHARED_FUNCTION constexpr uint32_t paddedColumns(uint32_t columns) {
  return (columns + 15) / 16 * 16;
}

} // namespace ds::kernels
