// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "runtime/plan/PlanView.h"

namespace ds::fuzz {

/// Reads everything a verified plan holds, as a run and a dump of it would, and
/// checks that each place it leads to exists.
void walkPlan(const rt::PlanView &plan);

} // namespace ds::fuzz
