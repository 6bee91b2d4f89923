// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// y = a + b in f32.
//   in   a f32 [T, n], b f32 [T, n]
//   out  y f32 [T, n]
// A tile is one token.
// Allocates nothing, keeps nothing, calls nothing, safe on many threads.
#pragma once
#include "kernels/base/Abi.h"
#include "kernels/base/Shape.h"
#include "kernels/base/Work.h"

#define DS_ADD_ROWS_SHAPE(FIELD) FIELD(uint32_t, n)

namespace ds::kernels {
struct AddRowsShape {
  DS_ADD_ROWS_SHAPE(DS_SHAPE_MEMBER)
};

/// Bytes per worker.
inline uint64_t addRowsWorkspace(const AddRowsShape &) { return 0; }
/// Activations are counted with 4 bytes an element.
inline Work addRowsWork(const AddRowsShape &shape, uint64_t rows) {
  return {rows * shape.n * 12, rows * shape.n};
}
} // namespace ds::kernels
