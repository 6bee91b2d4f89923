// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// y = x, any 4-byte elements.
//   in   x [T, n]
//   out  y [T, n]
// A tile is one token.
// Allocates nothing, keeps nothing, calls nothing, safe on many threads.
#pragma once
#include "kernels/base/Abi.h"
#include "kernels/base/Shape.h"
#include "kernels/base/Work.h"

#define DS_COPY_ROWS_SHAPE(FIELD) FIELD(uint32_t, n)

namespace ds::kernels {
struct CopyRowsShape {
  DS_COPY_ROWS_SHAPE(DS_SHAPE_MEMBER)
};

/// Bytes per worker.
inline uint64_t copyRowsWorkspace(const CopyRowsShape &) { return 0; }
/// Activations are counted with 4 bytes an element.
inline Work copyRowsWork(const CopyRowsShape &shape, uint64_t rows) {
  return {rows * shape.n * 8, 0};
}
} // namespace ds::kernels
