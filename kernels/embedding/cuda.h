// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "kernels/base/Items.h"
#include "kernels/embedding/embedding.h"

namespace ds::kernels::cuda {

DS_SHARED_FUNCTION constexpr TileCount
embeddingTiles(const EmbeddingShape &shape) {
  return itemTiles(quads(shape.hidden));
}

} // namespace ds::kernels::cuda
