// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "runtime/base/Sha256.h"
#include "runtime/base/Status.h"
#include "runtime/plan/PlanView.h"
#include <functional>
#include <string>

namespace ds::rt {

/// Gives the bytes of a weight to a digest.
using FeedWeight = std::function<Status(const WeightRecord &, Sha256 &)>;

enum class WeightsToVerify {
  All,     // but constants
  Carried, // those in DATA
};

/// Whether the weights have the digests that WDIG says.
/// `file` is the plan's name. Errors: WeightDigestsAbsent (2); those of `feed`;
/// WeightChanged (7), of all weights together.
Status verifyWeightDigests(const PlanView &plan, const std::string &file,
                           WeightsToVerify which, const FeedWeight &feed);

} // namespace ds::rt
