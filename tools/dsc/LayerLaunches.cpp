// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/dsc/LayerLaunches.h"
#include <algorithm>

namespace ds {

std::vector<BodyLaunches> bodyLaunches(const rt::PlanView &plan, size_t level) {
  std::vector<BodyLaunches> all;
  if (!plan.isForGPU())
    return all;
  auto kernels = plan.kernels.subspan(level * plan.kernelsPerLevel());
  for (const rt::EntryRecord &entry : plan.entries)
    for (const rt::CallRecord &call :
         plan.calls.subspan(entry.firstCall, entry.calls)) {
      const rt::BodyRecord *body = &plan.bodies[call.body];
      auto known = std::ranges::find(all, body, &BodyLaunches::body);
      if (known != all.end()) {
        ++known->layers;
        continue;
      }
      BodyLaunches &fresh = all.emplace_back(body, entry.kind, 1);
      for (const rt::StepRecord &step :
           plan.steps.subspan(body->firstStep, body->steps)) {
        const rt::KernelRecord &kernel = kernels[step.kernel];
        for (const rt::LaunchRecord &launch :
             plan.launches.subspan(kernel.firstLaunch, kernel.launches))
          fresh.launches.push_back(&launch);
      }
    }
  return all;
}

} // namespace ds
