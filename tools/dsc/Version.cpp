// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/dsc/Version.h"
#include "runtime/plan/Records.h"
#include <fmt/format.h>
#include <llvm/Config/llvm-config.h>

namespace ds {
std::string versionText() {
  return fmt::format("dsc {} (plan format {}.{}, LLVM {})", DS_VERSION,
                     rt::kPlanMajor, rt::kPlanMinor, LLVM_VERSION_STRING);
}
} // namespace ds
