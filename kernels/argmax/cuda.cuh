// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A tile is one row. A candidate is a score and its column; candidates are
// compared by base/Ranked.h, so their order does not matter. A NaN is the
// candidate of column kNoColumn, which beats all others.
#pragma once
#include "kernels/argmax/cuda.h"
#include "kernels/base/Launch.cuh"
#include "kernels/base/Quad.cuh"
#include "kernels/base/Ranked.h"

namespace ds::kernels::cuda {

/// The better of two, where a NaN beats everything.
DS_DEVICE Ranked better(Ranked a, Ranked b) {
  const bool takesB =
      a.index != kNoColumn && (b.index == kNoColumn || isBefore(b, a));
  return takesB ? b : a;
}

/// The best of the lanes, in every lane.
DS_DEVICE Ranked bestOfWarp(Ranked best) {
  for (uint32_t mask = kWarpLanes / 2; mask != 0; mask /= 2)
    best = better(best,
                  {shuffleXor(best.score, mask), shuffleXor(best.index, mask)});
  return best;
}

/// The best of `best` and the quad's columns `at` and following, below n.
DS_DEVICE Ranked bestOfQuad(Ranked best, const Quad &x, uint32_t at,
                            uint32_t n) {
  for (uint32_t i = 0; i < kQuadColumns; ++i)
    if (at + i < n)
      best = better(best, {x.lane[i], isNaN(x.lane[i]) ? kNoColumn : at + i});
  return best;
}

/// Quads of a thread that are on their way from memory together.
constexpr uint32_t kArgmaxQuads = 4;

DS_DEVICE void argmax(const ArgmaxShape &shape, const DeviceCall &call) {
  auto *scores = operand<const float>(call, 0);
  auto *index = operand<uint32_t>(call, 1);
  auto *ofWarps = sharedMemory<Ranked>();
  const uint32_t n = shape.n, warps = blockThreads() / kWarpLanes;
  forTiles(argmaxTiles(shape), call, [&](uint32_t r) {
    auto *row = rowOf(scores, r, n);
    const Ranked none = {kMinusInfinity, n}; // behind every column
    Ranked best = none;
    for (uint32_t first = threadIndex() * kQuadColumns; first < n;
         first += kArgmaxQuads * kQuadColumns * blockThreads()) {
      Quad x[kArgmaxQuads];
      auto place = [&](uint32_t i) {
        return first + i * kQuadColumns * blockThreads();
      };
      for (uint32_t i = 0; i < kArgmaxQuads; ++i)
        if (const uint32_t at = place(i); at < n)
          x[i] = loadQuad(row + at, n - at, areWhole(n));
      for (uint32_t i = 0; i < kArgmaxQuads; ++i)
        best = bestOfQuad(best, x[i], place(i), n);
    }
    best = bestOfWarp(best);
    if (laneIndex() == 0)
      ofWarps[warpIndex()] = best;
    syncBlock();
    if (warpIndex() != 0)
      return;
    best = bestOfWarp(laneIndex() < warps ? ofWarps[laneIndex()] : none);
    if (laneIndex() == 0)
      index[r] = best.index;
  });
}

} // namespace ds::kernels::cuda
