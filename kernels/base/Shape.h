// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The constants a kernel is specialised for. Every family lists its fields once
// (DS_X_SHAPE); the struct, the IR attributes, and the bytes that dsc binds
// into the code all come from that list. All fields are 4 bytes, in list order.
#pragma once
#include <stdint.h>

#define DS_SHAPE_MEMBER(type, name) type name;

/// Declares what a kernel row `name` of a family exports:
///   name(shape, call, tileBegin, tileEnd) computes, name_tiles(shape, batch)
///   counts tiles. `shape` is a constant once dsc has bound it.
#define DS_DECLARE_KERNEL(name, ShapeType)                                     \
  extern "C" void name(const ShapeType *shape, const ds::Call *call,           \
                       uint32_t tileBegin, uint32_t tileEnd);                  \
  extern "C" uint32_t name##_tiles(const ShapeType *shape,                     \
                                   const ds::Batch *batch);
