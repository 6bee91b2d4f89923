// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "kernels/argmax/argmax.h"
#include "kernels/base/LaunchShape.h"

namespace ds::kernels::cuda {

DS_SHARED_FUNCTION constexpr TileCount argmaxTiles(const ArgmaxShape &shape) {
  return {shape.headRows ? TileCount::HeadRows : TileCount::Tokens, 1, 1, 1, 0};
}

/// A score and an index per warp of at most 1024 threads.
DS_SHARED_FUNCTION constexpr uint32_t argmaxShared(const ArgmaxShape &) {
  return 32 * 8;
}

} // namespace ds::kernels::cuda
