// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One token's experts, chosen by one warp; gate_plan has it too.
//
// Lane l looks after the experts from l * expertsOfLane on, so that the lowest
// index among equal scores is the lowest lane's. Sigmoid scores, their sum and
// the weights have the bits of the CPU's row; the sum of a softmax is each
// lane's in the order of experts, then the warp's by butterfly.
#pragma once
#include "kernels/base/Launch.cuh"
#include "kernels/base/Math.h"
#include "kernels/base/Ranked.h"
#include "kernels/gate_topk/cuda.h"

namespace ds::kernels::cuda {

constexpr uint32_t kNoExpert = 0xffffffff;

/// Where the warp keeps what its lanes tell each other.
struct GateScratch {
  float *scores; // c, the j-th of lane l at [j, l]
  float *groupScores;
  uint32_t *keptGroups; // whether kept
  uint32_t *ids;
  float *weights; // s of ids
};

DS_DEVICE GateScratch gateScratch(const GateTopkShape &shape, float *shared) {
  GateScratch scratch;
  scratch.scores = shared;
  scratch.groupScores = scratch.scores + 32 * expertsOfLane(shape);
  scratch.keptGroups =
      reinterpret_cast<uint32_t *>(scratch.groupScores + shape.groups);
  scratch.ids = scratch.keptGroups + shape.groups;
  scratch.weights = reinterpret_cast<float *>(scratch.ids + shape.topk);
  return scratch;
}

/// s, from a logit.
struct GateScore {
  uint32_t scoring;
  float largest, sum; // of a softmax

  DS_DEVICE float operator()(float z) const {
    return scoring == 0 ? sigmoid(z)
                        : divide(exponential(sub(z, largest)), sum);
  }
};

class WarpGate {
public:
  DS_DEVICE WarpGate(const GateTopkShape &shape, const float *z,
                     const void *bias, float *shared)
      : shape_(shape), z_(z), bias_(bias), scratch_(gateScratch(shape, shared)),
        lane_(laneIndex()), first_(lane_ * expertsOfLane(shape)),
        per_(expertsOfLane(shape)) {}

  /// Writes the token's ids and weights; the scratch is free again after a
  /// syncWarp.
  DS_DEVICE void choose(uint32_t *ids, float *weights) {
    const GateScore score = scoreFunction();
    if (ballot(scoreExperts(score))) {
      for (uint32_t k = lane_; k < shape_.topk; k += kWarpLanes) {
        ids[k] = k;
        weights[k] = __builtin_bit_cast(float, 0x7fc00000);
      }
      return;
    }
    syncWarp();
    if (shape_.groups > 1 && shape_.topkGroups < shape_.groups)
      keepGroups();
    pick();
    for (uint32_t k = lane_; k < shape_.topk; k += kWarpLanes) {
      const uint32_t id = scratch_.ids[k];
      ids[k] = id;
      scratch_.weights[k] = score(z_[id]);
    }
    syncWarp();
    float sum = 0;
    for (uint32_t k = 0; k < shape_.topk; ++k)
      sum = add(sum, scratch_.weights[k]);
    for (uint32_t k = lane_; k < shape_.topk; k += kWarpLanes) {
      float weight = scratch_.weights[k];
      if (shape_.normalize != 0)
        weight = divide(weight, add(sum, 1e-20f));
      weights[k] = mul(weight, shape_.scale);
    }
  }

private:
  /// Whether there is a j-th expert of the lane.
  DS_DEVICE bool isExpert(uint32_t j) const {
    return first_ + j < shape_.experts;
  }

  /// c of any expert.
  DS_DEVICE float &scoreOf(uint32_t expert) const {
    return scratch_.scores[expert % per_ * kWarpLanes + expert / per_];
  }

  /// c of the lane's j-th expert.
  DS_DEVICE float &own(uint32_t j) const {
    return scratch_.scores[j * kWarpLanes + lane_];
  }

  DS_DEVICE GateScore scoreFunction() const {
    GateScore score = {shape_.scoring, kMinusInfinity, 0};
    if (shape_.scoring == 0)
      return score;
    for (uint32_t j = 0; j < per_; ++j)
      if (isExpert(j))
        score.largest = maximum(score.largest, z_[first_ + j]);
    score.largest = warpMax(score.largest);
    float sum = 0;
    for (uint32_t j = 0; j < per_; ++j)
      if (isExpert(j))
        sum = add(sum, exponential(sub(z_[first_ + j], score.largest)));
    score.sum = warpSum(sum);
    return score;
  }

  DS_DEVICE float biasOf(uint32_t expert) const {
    if (shape_.bias == 0)
      return 0;
    return shape_.bias == 1 ? static_cast<const float *>(bias_)[expert]
                            : toFloat(static_cast<const bf16 *>(bias_)[expert]);
  }

  /// Fills in the lane's c, -infinity behind the last expert; whether one is a
  /// NaN.
  DS_DEVICE bool scoreExperts(const GateScore &score) const {
    bool holdsNaN = false;
    for (uint32_t j = 0; j < per_; ++j) {
      float c = kMinusInfinity;
      if (isExpert(j))
        c = add(score(z_[first_ + j]), biasOf(first_ + j));
      own(j) = c;
      holdsNaN |= isNaN(c);
    }
    return holdsNaN;
  }

  /// The largest c of a group, or the sum of its two largest.
  DS_DEVICE float scoreOfGroup(uint32_t group) const {
    const uint32_t width = shape_.experts / shape_.groups;
    float first = kMinusInfinity, second = kMinusInfinity;
    for (uint32_t j = 0; j < width; ++j) {
      const float c = scoreOf(group * width + j);
      second = c > first ? first : c > second ? c : second;
      first = c > first ? c : first;
    }
    return shape_.groupScore == 0 && width > 1 ? add(first, second) : first;
  }

  /// Sets c to -infinity in all but the best groups.
  DS_DEVICE void keepGroups() const {
    for (uint32_t g = lane_; g < shape_.groups; g += kWarpLanes)
      scratch_.groupScores[g] = scoreOfGroup(g);
    syncWarp();
    for (uint32_t g = lane_; g < shape_.groups; g += kWarpLanes) {
      uint32_t before = 0; // groups that are better
      for (uint32_t other = 0; other < shape_.groups; ++other)
        before += isBefore({scratch_.groupScores[other], other},
                           {scratch_.groupScores[g], g});
      scratch_.keptGroups[g] = before < shape_.topkGroups;
    }
    syncWarp();
    for (uint32_t j = 0; j < per_; ++j)
      if (isExpert(j) &&
          !scratch_.keptGroups[(first_ + j) / (shape_.experts / shape_.groups)])
        own(j) = kMinusInfinity;
  }

  /// The lane's first expert of all, or the first that stands after `last`.
  /// The places behind the last expert stand after all others, and after them
  /// what is returned where there is none.
  DS_DEVICE Ranked best(bool ofAll, Ranked last) const {
    Ranked first = {kMinusInfinity, kNoExpert};
    for (uint32_t j = 0; j < per_; ++j) {
      const Ranked here = {own(j), first_ + j};
      if ((ofAll || isBefore(last, here)) && isBefore(here, first))
        first = here;
    }
    return first;
  }

  /// Leaves the topk largest c in scratch_.ids. A lane looks again only when
  /// its own best has been taken.
  DS_DEVICE void pick() const {
    Ranked mine = best(true, {});
    for (uint32_t k = 0; k < shape_.topk; ++k) {
      const float largest = warpMax(mine.score);
      const bool leads = mine.score == largest && mine.index < shape_.experts;
      const uint32_t leaders = ballot(leads);
      if (leads && (leaders & ((1u << lane_) - 1)) == 0) {
        scratch_.ids[k] = mine.index;
        mine = best(false, mine);
      }
    }
    syncWarp();
  }

  const GateTopkShape &shape_;
  const float *z_; // [experts]
  const void *bias_;
  GateScratch scratch_;
  uint32_t lane_, first_, per_; // experts first_ .. first_ + per_ - 1
};

} // namespace ds::kernels::cuda
