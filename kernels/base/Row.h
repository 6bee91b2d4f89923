// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How a source file exports the rows of its family's kernels.def.
//
// cpu.cpp is compiled once per level (-DDS_LEVEL=avx2, …) and all levels are
// linked into one test program, therefore: only rows are extern "C", and
// everything else is `static` or in an anonymous namespace.
#pragma once
#include "kernels/base/Abi.h"
#include "kernels/base/Inline.h"
#include "kernels/base/Shape.h"

#define DS_PASTE_WORDS(a, b) a##_##b
#define DS_PASTE(a, b) DS_PASTE_WORDS(a, b)

/// The row `name` of the level that this file is being compiled for:
/// DS_ROW(rms_norm_bf16) is rms_norm_bf16_avx2.
#define DS_ROW(name) DS_PASTE(name, DS_LEVEL)

/// Defines row `name`. `runTiles(shape, call, tileBegin, tileEnd)` and
/// `countTiles(shape, batch)` take references and are always_inline; the two
/// last arguments come last so that template arguments may hold commas:
///   DS_DEFINE_KERNEL(DS_ROW(rope_bf16), RopeShape, tokenTiles, rotate<bf16>)
#define DS_DEFINE_KERNEL(name, ShapeType, countTiles, ...)                     \
  DS_DEFINE_NAMED_KERNEL(name, ShapeType, countTiles, __VA_ARGS__)
#define DS_DEFINE_NAMED_KERNEL(name, ShapeType, countTiles, ...)               \
  extern "C" void name(const ShapeType *shape, const ds::Call *call,           \
                       uint32_t tileBegin, uint32_t tileEnd) {                 \
    __VA_ARGS__(*shape, *call, tileBegin, tileEnd);                            \
  }                                                                            \
  extern "C" uint32_t name##_tiles(const ShapeType *shape,                     \
                                   const ds::Batch *batch) {                   \
    return countTiles(*shape, *batch);                                         \
  }

namespace ds::kernels {

/// Operand `index` of the call.
template <class T>
DS_INLINE T *operand(const Call &call, uint32_t index) {
  return static_cast<T *>(call.operands[index]);
}

/// The row of a matrix of `columns` columns; 64-bit, T x columns may pass 2^32.
template <class T>
DS_INLINE T *rowOf(T *matrix, uint32_t row, uint32_t columns) {
  return matrix + size_t(row) * columns;
}

/// countTiles of the families whose tile is one token.
template <class Shape>
DS_INLINE uint32_t tokenTiles(const Shape &, const Batch &batch) {
  return batch.tokens;
}

} // namespace ds::kernels
