// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "runtime/plan/PlanView.h"
#include <vector>

namespace ds {

/// What the plan would need if it were compiled for another context: on CPUs
/// all but the states stays as it is.
struct ContextMemory {
  uint32_t context;      // tokens
  uint64_t state, total; // bytes; total with one thread, as in the budget
};

/// By rising context: the plan's own, some that are common, the model's
/// longest. Only the plan's own for GPUs, where workspace follows the context
/// as kernels say.
std::vector<ContextMemory> memoryByContext(const rt::PlanView &plan);

} // namespace ds
