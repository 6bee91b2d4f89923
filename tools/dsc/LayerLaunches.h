// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How many kernels a GPU is given for one layer: what small batches wait for.
#pragma once
#include "runtime/plan/PlanView.h"
#include <vector>

namespace ds {

/// The launches of one body, in the order in which they run.
struct BodyLaunches {
  const rt::BodyRecord *body;
  rt::EntryKind entry; // that runs it
  uint32_t layers = 0; // calls of the body by the entry
  std::vector<const rt::LaunchRecord *> launches;
};

/// Of every body that an entry runs, in the plan's order, for its n-th level;
/// empty for CPU levels.
std::vector<BodyLaunches> bodyLaunches(const rt::PlanView &plan, size_t level);

} // namespace ds
