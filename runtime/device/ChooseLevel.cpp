// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/device/ChooseLevel.h"
#include <algorithm>

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
  std::string names;
  for (uint32_t i = 0; i < plan.levels.size(); ++i) {
    const LevelRecord &level = plan.levels[i];
    std::string name = plan.string(level.name);
    names += (i ? ", " : "") + name;
    if (!wanted.empty() && wanted != name)
      continue;
    size_t missing = features.missingNames(plan.string(level.features)).size();
    if (!missing)
      return i;
    if (missing < leastMissing)
      least = &level, leastMissing = missing;
  }
  if (!least)
    return Error{.code = ErrorCode::LevelUnknown,
                 .file = std::string(fileName),
                 .subject = "CPU level",
                 .found = std::string(wanted),
                 .expected = "one of " + names};
  return unfit(plan, *least, features, fileName);
}

} // namespace ds::rt
