// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Effects that happen by themselves after the instruction that began them:
// what is under way, and the mbarriers that tell of it.
#pragma once
#include "kernels/emu/EncodeTensorMap.h"
#include <cstdint>
#include <deque>
#include <vector>

namespace ds::emu {

/// An mbarrier of the block. Its 8 bytes in shared memory only hold its number
/// and a mark of the block, so that one that was never made is noticed.
struct MbarrierState {
  uint32_t offset = 0; // in shared memory
  uint32_t count = 0;  // arrivals to a phase
  uint32_t pending = 0;
  int64_t bytes = 0; // expected less copied; copies may come first
  uint32_t phase = 0;
  bool fenced = false;       // visible to tile loads
  uint32_t maker = 0;        // the thread that made it
  uint32_t waiters[32] = {}; // lanes, by warp
  char edges[2] = {};        // as Barrier::edge()
};

/// A tile load that has not happened yet.
struct TileCopy {
  EmulatedMap map;
  char *shared;
  uint32_t barrier; // index of its mbarrier
  uint32_t phase;   // of the mbarrier when it began: it must end in the same
  int32_t column, row;
};

/// One warp's share of a wgmma: 16 rows of a, all columns of b.
struct WarpMma {
  uint64_t a, b;
  uint32_t registers; // columns / 2
  bool accumulate, f8;
  uint32_t sums; // index among WarpgroupState::sums
  bool done;
};

/// The registers of all lanes that multiplications in flight add to; they
/// hold NaN meanwhile.
struct Sums {
  float *d[32];
  std::vector<float> values; // [32 lanes, registers]
  uint32_t users = 0;        // multiplications not yet done
};

/// What a warp has begun of wgmma.
struct WarpgroupState {
  bool fenced = false;
  std::vector<WarpMma> open;
  std::deque<std::vector<WarpMma>> groups; // committed, oldest first
  std::vector<Sums> sums;
  // All four warps must do the same: their number of instructions, and a hash.
  uint64_t instructions = 0, history = 0;
  char edges[2] = {}; // of the warp's lanes to its tensor core, and back
};

} // namespace ds::emu
