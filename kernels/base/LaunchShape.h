// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The usual entries of a launch table (kernels/<family>/cuda.def); each is a
// function of the family's shape.
#pragma once
#include "kernels/base/DeviceCall.h"

namespace ds::kernels::cuda {

/// Maps that one launch can ask for.
struct TensorMaps {
  static constexpr uint32_t kMost = 8;
  TensorMapSpec list[kMost];
  uint32_t count;
};

template <class Shape>
DS_SHARED_FUNCTION constexpr uint32_t noShared(const Shape &) {
  return 0;
}
template <class Shape>
DS_SHARED_FUNCTION constexpr uint64_t noWorkspace(const Shape &) {
  return 0;
}
template <class Shape>
DS_SHARED_FUNCTION constexpr TensorMaps noMaps(const Shape &) {
  return {};
}

/// No limit on the rows of a run.
inline constexpr uint32_t kAnyRows = 0xFFFFFFFF;
/// Serves every shape, and runs of any length.
template <class Shape>
DS_SHARED_FUNCTION constexpr uint32_t anyShape(const Shape &) {
  return kAnyRows;
}

/// Bytes of shared memory that a block can have on every architecture (sm_89).
inline constexpr uint32_t kSharedEverywhere = 99 * 1024;
/// Serves shapes whose shared memory there is everywhere.
template <auto shared, class Shape>
DS_SHARED_FUNCTION constexpr uint32_t fitsShared(const Shape &shape) {
  return shared(shape) <= kSharedEverywhere ? kAnyRows : 0;
}

/// One tile per token.
template <class Shape>
DS_SHARED_FUNCTION constexpr TileCount tokenTiles(const Shape &) {
  return {TileCount::Tokens, 1, 1, 1, 0};
}
/// One tile per row of the head.
template <class Shape>
DS_SHARED_FUNCTION constexpr TileCount headRowTiles(const Shape &) {
  return {TileCount::HeadRows, 1, 1, 1, 0};
}
/// One tile.
template <class Shape>
DS_SHARED_FUNCTION constexpr TileCount oneTile(const Shape &) {
  return {TileCount::One, 1, 1, 1, 0};
}

} // namespace ds::kernels::cuda
