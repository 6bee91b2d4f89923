// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Why a plan's kernel is the one it is. A plan names the row that was chosen;
// the others come from the kernel table of this dsc, by the same function that
// chose.
#pragma once
#include "runtime/plan/PlanView.h"
#include <string>
#include <vector>

namespace ds {

struct RowReason {
  std::string row, reason; // "chosen", "slower", "level avx2, not avx512bf16"
  double microseconds;     // estimate for one core or GPU; 0 where it cannot run
};

/// All rows of the kernel's family, in the order of the table; `level` and
/// `kernel` count as in KernelRecord. Empty where this dsc's table has no such
/// row or level, or would choose another: then the plan is of another version.
std::vector<RowReason> reasonsOf(const rt::PlanView &plan, size_t level,
                                 size_t kernel);

/// Tokens of the run that the estimates are for.
inline constexpr uint32_t kReasonRows = 64;

} // namespace ds
