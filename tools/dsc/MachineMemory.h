// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <cstdint>
#include <string>

namespace ds {

/// Bytes of memory that this process may use: all there is, and what of it is
/// free or can be freed. Both within the control group's limit; 0 where the
/// system does not say.
struct MachineMemory {
  uint64_t total = 0, available = 0;
};

/// From /proc/meminfo and /sys/fs/cgroup, which lie below `root`.
MachineMemory availableMemory(const std::string &root = "");

} // namespace ds
