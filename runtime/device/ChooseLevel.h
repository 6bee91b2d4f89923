// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which of a plan's CPU levels runs here.
#pragma once
#include "runtime/base/Status.h"
#include "runtime/device/CPUFeatures.h"
#include "runtime/plan/PlanView.h"
#include <string_view>

namespace ds::rt {

/// Index of the best level all of whose features can be used; of the level
/// `wanted` where that is not empty. `fileName` is the plan's, for messages.
/// Errors: PlanArchitecture (8); CPUFeatureMissing, CPUFeatureDisabled (8),
/// naming the features that the least demanding level lacks; LevelUnknown (2).
Result<uint32_t> chooseLevel(const PlanView &plan, const CPUFeatures &features,
                             std::string_view fileName,
                             std::string_view wanted = "");

} // namespace ds::rt
