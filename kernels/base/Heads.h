// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Tiles of the families that work head by head.
#pragma once
#include "kernels/base/Abi.h"

namespace ds::kernels {

/// One tile per head, whatever the batch.
template <class Shape>
constexpr uint32_t headTiles(const Shape &shape, const Batch &) {
  return shape.heads;
}

} // namespace ds::kernels
