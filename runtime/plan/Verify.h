// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The only reader that distrusts a plan.
#pragma once
#include "runtime/base/Status.h"
#include "runtime/plan/PlanView.h"
#include <string_view>

namespace ds::rt {

/// Checks all that README.md demands, cheapest first: magic, version, size,
/// header digest, table, section digests, records, schedule. After it no reader
/// needs a bounds check on plan data.
///
/// `bytes` starts at a multiple of 8 in memory and must outlive the view. It is
/// the whole file, or the file up to DATA; `fileSize` is the file's size then.
/// Weight bytes (DATA, shards) are not looked at.
/// Errors: 6xx, exit status 7, and 8 for a version or section that this reader
/// does not know.
Result<PlanView> verifyPlan(std::span<const uint8_t> bytes,
                            std::string_view fileName, uint64_t fileSize);
Result<PlanView> verifyPlan(std::span<const uint8_t> bytes,
                            std::string_view fileName);

} // namespace ds::rt
