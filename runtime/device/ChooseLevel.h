// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which of a plan's levels runs here.
#pragma once
#include "runtime/base/Status.h"
#include "runtime/device/CPUFeatures.h"
#include "runtime/plan/ComputeCapability.h"
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

/// The same for a plan for CUDA: the level whose capability is nearest to the
/// GPU's, code with an `a` first. `device` is the GPU's name, "device 0";
/// `driver` the CUDA version of its driver, 13000 for 13.0. Errors:
/// DeviceCapability, DriverTooOld (8), LevelUnknown (2).
Result<uint32_t> chooseGPULevel(const PlanView &plan,
                                const ComputeCapability &gpu, int driver,
                                std::string_view device,
                                std::string_view fileName,
                                std::string_view wanted = "");

/// For the emulation, which runs code for every GPU: the level `wanted`, or the
/// first. Errors: those of chooseLevel().
Result<uint32_t> chooseEmulatedLevel(const PlanView &plan,
                                     const CPUFeatures &features,
                                     std::string_view fileName,
                                     std::string_view wanted = "");

} // namespace ds::rt
