// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/device/ChooseLevel.h"
#include "runtime/device/CUDADriver.h"
#include <algorithm>
#include <tuple>

namespace ds::rt {
namespace {

Error unfit(const PlanView &plan, const LevelRecord &level,
            const CPUFeatures &features, std::string_view fileName) {
  std::vector<std::string> missing =
      features.missingNames(plan.string(level.features));
  bool isDisabled = std::ranges::all_of(
      missing, [&](const auto &name) { return features.isDisabled(name); });
  std::string name = plan.string(level.name);
  return {.code = isDisabled ? ErrorCode::CPUFeatureDisabled
                             : ErrorCode::CPUFeatureMissing,
          .file = std::string(fileName),
          .subject =
              "code of level " + name + " needs " +
              features.missing(plan.string(level.features)) +
              (isDisabled ? ", present but not enabled by the operating system"
                          : ", which this CPU lacks"),
          .notes = {"all that level " + name +
                    " needs: " + plan.string(level.features)},
          .help = "compile the model again for this machine"};
}

Error unknown(const PlanView &plan, std::string_view fileName,
              std::string_view wanted) {
  std::string names;
  for (const LevelRecord &level : plan.levels)
    names += (names.empty() ? "" : ", ") + std::string(plan.string(level.name));
  return {.code = ErrorCode::LevelUnknown,
          .file = std::string(fileName),
          .subject =
              plan.isForGPU() ? "level" : "CPU level",
          .found = std::string(wanted),
          .expected = "one of " + names};
}

} // namespace

Result<uint32_t> chooseLevel(const PlanView &plan, const CPUFeatures &features,
                             std::string_view fileName,
                             std::string_view wanted) {
  if (features.architecture() != kPlanArchitecture)
    return Error{.code = ErrorCode::PlanArchitecture,
                 .file = std::string(fileName),
                 .subject = "processor architecture",
                 .found = features.architecture(),
                 .expected = kPlanArchitecture};
  const LevelRecord *least = nullptr;
  size_t leastMissing = SIZE_MAX;
  for (uint32_t i = 0; i < plan.levels.size(); ++i) {
    const LevelRecord &level = plan.levels[i];
    if (!wanted.empty() && wanted != plan.string(level.name))
      continue;
    size_t missing = features.missingNames(plan.string(level.features)).size();
    if (!missing)
      return i;
    if (missing < leastMissing)
      least = &level, leastMissing = missing;
  }
  if (!least)
    return unknown(plan, fileName, wanted);
  return unfit(plan, *least, features, fileName);
}

Result<uint32_t> chooseGPULevel(const PlanView &plan,
                                const ComputeCapability &gpu, int driver,
                                std::string_view device,
                                std::string_view fileName,
                                std::string_view wanted) {
  uint32_t best = kNone;
  CUDANeeds needed;
  std::string capabilities;
  auto rank = [](const ComputeCapability &code) {
    return std::tuple(code.minor, code.isExact);
  };
  for (uint32_t i = 0; i < plan.levels.size(); ++i) {
    const LevelRecord &level = plan.levels[i];
    if (!wanted.empty() && wanted != plan.string(level.name))
      continue;
    CUDANeeds needs = *CUDANeeds::of(plan.string(level.features));
    capabilities +=
        (capabilities.empty() ? "" : ", ") + needs.capability.name();
    if (needs.capability.runsOn(gpu) &&
        (best == kNone || rank(needs.capability) > rank(needed.capability)))
      best = i, needed = needs;
  }
  if (capabilities.empty())
    return unknown(plan, fileName, wanted);
  if (best == kNone)
    return Error{.code = ErrorCode::DeviceCapability,
                 .file = std::string(fileName),
                 .subject = std::string(device) + ": " + gpu.name() +
                            ", plan has code for " + capabilities,
                 .help = "compile the model again for this GPU: --sm"};
  if (driver < needed.driver)
    return Error{.code = ErrorCode::DriverTooOld,
                 .file = std::string(fileName),
                 .subject = "CUDA version of the driver",
                 .found = cudaVersion(driver),
                 .expected = cudaVersion(needed.driver) + " or later",
                 .help = "install a newer NVIDIA driver"};
  return best;
}

Result<uint32_t> chooseEmulatedLevel(const PlanView &plan,
                                     const CPUFeatures &features,
                                     std::string_view fileName,
                                     std::string_view wanted) {
  for (uint32_t i = 0; i < plan.levels.size(); ++i) {
    const LevelRecord &level = plan.levels[i];
    if (!wanted.empty() && wanted != plan.string(level.name))
      continue;
    if (!features.missingNames(plan.string(level.features)).empty())
      return unfit(plan, level, features, fileName);
    return i;
  }
  return unknown(plan, fileName, wanted);
}

} // namespace ds::rt
