// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <cstdint>
#include <string_view>

namespace ds::rt {

/// CPUs this process may use: its affinity mask, and the quota of its control
/// group rounded up. At least 1.
uint32_t allowedCPUs();
/// CPUs of a cgroup's `cpu.max` ("150000 100000" are 2); 0: no quota.
uint32_t cpusOfQuota(std::string_view cpuMax);

} // namespace ds::rt
