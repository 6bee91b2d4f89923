// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The walk over items of tokens, for tile counts made by itemTiles.
#pragma once
#include "kernels/base/Items.h"
#include "kernels/base/Launch.cuh"

namespace ds::kernels::cuda {

/// Calls item(token, i), i < count.perRow, for the items of this block's tiles
/// that are `first`, first + step, … of their tile.
template <class Item>
DS_DEVICE void forItemsFrom(uint32_t first, uint32_t step,
                            const TileCount &count, const DeviceCall &call,
                            Item &&item) {
  const uint32_t items = call.batch->tokens * count.perRow;
  forTiles(count, call, [&](uint32_t tile) {
    const uint32_t begin = tile * count.rowsPerTile, rest = items - begin;
    for (uint32_t i = first; i < count.rowsPerTile && i < rest; i += step)
      item((begin + i) / count.perRow, (begin + i) % count.perRow);
  });
}

/// Each item is one thread's; of itemTiles.
template <class Item>
DS_DEVICE void forItems(const TileCount &count, const DeviceCall &call,
                        Item &&item) {
  forItemsFrom(threadIndex(), blockThreads(), count, call, item);
}

/// Each item is one warp's; of warpItemTiles.
template <class Item>
DS_DEVICE void forWarpItems(const TileCount &count, const DeviceCall &call,
                            Item &&item) {
  forItemsFrom(warpIndex(), blockThreads() / kWarpLanes, count, call, item);
}

} // namespace ds::kernels::cuda
