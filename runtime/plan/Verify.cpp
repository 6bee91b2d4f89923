// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/plan/Verify.h"
#include "runtime/plan/VerifyParts.h"

namespace ds::rt {

Result<PlanView> verifyPlan(std::span<const uint8_t> bytes,
                            std::string_view fileName, uint64_t fileSize) {
  Refusal refuse(fileName);
  DS_ASSIGN(PlanView plan, verifyContainer(bytes, fileSize, refuse));
  DS_TRY(verifyRecords(plan, refuse));
  DS_TRY(verifyProgram(plan, refuse));
  DS_TRY(verifyLaunches(plan, refuse));
  DS_TRY(verifySchedule(plan, refuse));
  return plan;
}

Result<PlanView> verifyPlan(std::span<const uint8_t> bytes,
                            std::string_view fileName) {
  return verifyPlan(bytes, fileName, bytes.size());
}

} // namespace ds::rt
