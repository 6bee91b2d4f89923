// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Tiles of rows that are sorted by expert: every expert's slots make tiles of
// kTileRows of their own, the last one of an expert shorter. How many there are
// is known on the device alone; every block finds it out for itself, from
// `offsets`, before its first tile.
#pragma once
#include "kernels/base/Launch.cuh"
#include "kernels/base/TileSizes.h"

namespace ds::kernels::cuda {

template <uint32_t kRows>
class RaggedTiles {
public:
  /// offsets u32 [experts + 1]. All threads of the block together.
  DS_DEVICE RaggedTiles(const uint32_t *offsets, uint32_t experts, void *shared)
      : offsets_(offsets), experts_(experts),
        starts_(static_cast<uint32_t *>(shared)) {
    uint32_t *groups = starts_ + experts + 1;
    for (uint32_t i = threadIndex(); i * kExpertGroup < experts;
         i += blockThreads())
      groups[i] =
          tiles(i * kExpertGroup, smaller((i + 1) * kExpertGroup, experts));
    syncBlock();
    for (uint32_t e = threadIndex(); e <= experts; e += blockThreads()) {
      uint32_t start = tiles(e / kExpertGroup * kExpertGroup, e);
      for (uint32_t i = 0; i < e / kExpertGroup; ++i)
        start += groups[i];
      starts_[e] = start;
    }
    syncBlock();
  }

  DS_DEVICE uint32_t count() const { return starts_[experts_]; }

  struct Tile {
    uint32_t expert, slot, slots; // its first slot, and how many
  };
  DS_DEVICE Tile at(uint32_t tile) const {
    // The last expert whose tiles begin at or before this one; experts without
    // slots begin where the next one does.
    uint32_t low = 0, high = experts_;
    while (high - low > 1) {
      const uint32_t middle = (low + high) / 2;
      if (starts_[middle] <= tile)
        low = middle;
      else
        high = middle;
    }
    const uint32_t slot = offsets_[low] + (tile - starts_[low]) * kRows;
    return {low, slot, smaller(offsets_[low + 1] - slot, kRows)};
  }

private:
  /// Tiles of the experts from `first` to before `last`.
  DS_DEVICE uint32_t tiles(uint32_t first, uint32_t last) const {
    uint32_t sum = 0;
    for (uint32_t e = first; e < last; ++e)
      sum += ceilDiv(offsets_[e + 1] - offsets_[e], kRows);
    return sum;
  }

  const uint32_t *offsets_;
  uint32_t experts_;
  uint32_t *starts_; // [experts + 1], then a total per group
};

} // namespace ds::kernels::cuda
