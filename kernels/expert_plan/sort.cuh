// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The pairs sorted by one block: a stable counting sort without atomics;
// gate_plan has it too.
//
// Each warp has a run of neighbouring pairs and its own histogram. The
// histograms become first slots by a scan over experts, then over warps; then
// each warp deals out its pairs in their order. Lanes with the same expert
// find each other by ballots on the bits of its index.
#pragma once
#include "kernels/base/Launch.cuh"
#include "kernels/expert_plan/cuda.h"

namespace ds::kernels::cuda {

class PairSort {
public:
  /// `shared` has pairSortShared bytes.
  DS_DEVICE PairSort(const ExpertPlanShape &shape, uint32_t tokens,
                     const uint32_t *ids, uint32_t *shared)
      : shape_(shape), ids_(ids), tokens_(tokens), pairs_(tokens * shape.topk),
        warps_(blockThreads() / kWarpLanes), totals_(shared),
        counts_(shared + warps_) {}

  DS_DEVICE void sort(uint32_t *offsets, uint32_t *tokenOf, uint32_t *slotOf) {
    for (uint32_t i = threadIndex(); i < warps_ * shape_.experts;
         i += blockThreads())
      counts_[i] = 0;
    syncBlock();
    forOwnPairs([](uint32_t, uint32_t) {});
    syncBlock();
    scan(offsets);
    syncBlock();
    const uint32_t slots = shape_.topk + shape_.shared; // of a token
    forOwnPairs([&](uint32_t pair, uint32_t slot) {
      const uint32_t t = pair / shape_.topk;
      tokenOf[slot] = t;
      slotOf[t * slots + pair % shape_.topk] = slot;
    });
    if (!shape_.shared)
      return;
    if (threadIndex() == 0)
      offsets[shape_.experts + 1] = pairs_ + tokens_;
    for (uint32_t t = threadIndex(); t < tokens_; t += blockThreads()) {
      tokenOf[pairs_ + t] = t;
      slotOf[t * slots + shape_.topk] = pairs_ + t;
    }
  }

private:
  /// Pairs of this warp with the expert; after the scan, its next free slot.
  DS_DEVICE uint32_t &own(uint32_t expert) const {
    return counts_[warpIndex() * shape_.experts + expert];
  }

  /// Lanes whose value is the caller's; values are at most `experts`.
  DS_DEVICE uint32_t lanesWith(uint32_t value) const {
    uint32_t lanes = kAllLanes;
    for (uint32_t bit = 1; bit <= shape_.experts; bit *= 2) {
      const uint32_t set = ballot((value & bit) != 0);
      lanes &= value & bit ? set : ~set;
    }
    return lanes;
  }

  /// Calls deal(pair, own(expert) + pairs of the expert before it in the warp's
  /// run) for the warp's pairs and counts them in own().
  template <class Deal>
  DS_DEVICE void forOwnPairs(Deal &&deal) const {
    const uint32_t chunks = (pairs_ + kWarpLanes - 1) / kWarpLanes;
    const uint32_t run = (chunks + warps_ - 1) / warps_ * kWarpLanes;
    const uint32_t begin = warpIndex() * run, lane = laneIndex();
    for (uint32_t first = begin; first < begin + run && first < pairs_;
         first += kWarpLanes) {
      const uint32_t pair = first + lane;
      const bool isPair = pair < pairs_;
      const uint32_t expert = isPair ? ids_[pair] : shape_.experts;
      const uint32_t lanes = lanesWith(expert);
      const uint32_t before = bitCount(lanes & ((1u << lane) - 1));
      const uint32_t base = isPair ? own(expert) : 0;
      if (isPair)
        deal(pair, base + before);
      syncWarp(); // all have read base
      if (isPair && before == 0)
        own(expert) = base + bitCount(lanes);
      syncWarp();
    }
  }

  /// Makes histograms into first slots and writes offsets.
  DS_DEVICE void scan(uint32_t *offsets) const {
    const uint32_t lane = laneIndex();
    uint32_t passed = 0; // pairs of the experts of earlier rounds
    for (uint32_t first = 0; first < shape_.experts; first += blockThreads()) {
      const uint32_t expert = first + threadIndex();
      const bool isExpert = expert < shape_.experts;
      uint32_t pairs = 0;
      for (uint32_t warp = 0; isExpert && warp < warps_; ++warp)
        pairs += counts_[warp * shape_.experts + expert];
      uint32_t end = pairs; // inclusive sum over the warp
      for (uint32_t by = 1; by < kWarpLanes; by *= 2) {
        const uint32_t below = shuffleUp(end, by);
        end += lane >= by ? below : 0;
      }
      if (lane == kWarpLanes - 1)
        totals_[warpIndex()] = end;
      syncBlock();
      end += passed;
      for (uint32_t warp = 0; warp < warps_; ++warp) {
        end += warp < warpIndex() ? totals_[warp] : 0;
        passed += totals_[warp];
      }
      syncBlock();
      if (!isExpert)
        continue;
      offsets[expert] = end - pairs;
      uint32_t slot = end - pairs;
      for (uint32_t warp = 0; warp < warps_; ++warp) {
        uint32_t &count = counts_[warp * shape_.experts + expert];
        const uint32_t next = slot + count;
        count = slot;
        slot = next;
      }
    }
    if (threadIndex() == 0)
      offsets[shape_.experts] = pairs_;
  }

  const ExpertPlanShape &shape_;
  const uint32_t *ids_;
  uint32_t tokens_, pairs_, warps_;
  uint32_t *totals_; // [warps], of a scan
  uint32_t *counts_; // [warps, experts]
};

} // namespace ds::kernels::cuda
