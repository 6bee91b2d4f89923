// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/dsc/MachineMemory.h"
#include <algorithm>
#include <charconv>
#include <fstream>
#include <optional>
#include <sstream>

namespace ds {
namespace {

std::string textOf(const std::string &path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// Bytes that a line of /proc/meminfo states in KiB; 0 where it is not there.
uint64_t memoryLine(const std::string &meminfo, const std::string &name) {
  size_t at = meminfo.find(name + ":");
  if (at == meminfo.npos)
    return 0;
  at = std::min(meminfo.find_first_of("0123456789", at), meminfo.size());
  uint64_t kibibytes = 0;
  std::from_chars(meminfo.data() + at, meminfo.data() + meminfo.size(),
                  kibibytes);
  return kibibytes * 1024;
}

/// Bytes of one of the control group's files; nullopt: no such file, or "max".
std::optional<uint64_t> groupBytes(const std::string &path) {
  uint64_t bytes = 0;
  std::string text = textOf(path);
  if (std::from_chars(text.data(), text.data() + text.size(), bytes).ec !=
      std::errc())
    return std::nullopt;
  return bytes;
}

} // namespace

MachineMemory availableMemory(const std::string &root) {
  std::string meminfo = textOf(root + "/proc/meminfo");
  MachineMemory memory{memoryLine(meminfo, "MemTotal"),
                       memoryLine(meminfo, "MemAvailable")};
  std::string group = root + "/sys/fs/cgroup/memory.";
  if (std::optional<uint64_t> limit = groupBytes(group + "max")) {
    uint64_t used = groupBytes(group + "current").value_or(0);
    memory.total = std::min(memory.total, *limit);
    memory.available =
        std::min(memory.available, *limit - std::min(*limit, used));
  }
  return memory;
}

} // namespace ds
