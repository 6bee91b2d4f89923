// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/device/AllowedCPUs.h"
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <sched.h>

namespace ds::rt {

uint32_t cpusOfQuota(std::string_view cpuMax) {
  uint64_t quota = 0, period = 0;
  const char *end = cpuMax.data() + cpuMax.size();
  auto [space, error] = std::from_chars(cpuMax.data(), end, quota);
  if (error != std::errc() || space == end || *space != ' ' ||
      std::from_chars(space + 1, end, period).ec != std::errc() || !period)
    return 0;
  uint64_t cpus = quota / period + (quota % period != 0);
  return uint32_t(std::clamp<uint64_t>(cpus, 1, UINT32_MAX));
}

uint32_t allowedCPUs() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  uint32_t cpus = 1;
  if (::sched_getaffinity(0, sizeof allowed, &allowed) == 0)
    cpus = uint32_t(std::max(CPU_COUNT(&allowed), 1));
  if (std::FILE *file = std::fopen("/sys/fs/cgroup/cpu.max", "re")) {
    char text[64];
    size_t size = std::fread(text, 1, sizeof text, file);
    std::fclose(file);
    if (uint32_t quota = cpusOfQuota({text, size}))
      cpus = std::min(cpus, quota);
  }
  return cpus;
}

} // namespace ds::rt
