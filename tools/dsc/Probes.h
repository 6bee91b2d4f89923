// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Short measurements of this machine.
#pragma once
#include "runtime/base/Status.h"
#include <cstdint>
#include <string>

namespace ds {

struct DiskSpeed {
  double bytesPerSecond = 0;
  std::string file;      // that was read; empty: a temporary one
  bool isDirect = false; // past the system's cache
};

/// Reads the largest shard of the folder for at most a second, or, where there
/// is none of 16 MiB, a temporary file that is written first. Errors:
/// FolderUnreadable, FileUnreadable, OutputCreate, OutputWrite (5).
Result<DiskSpeed> measureDisk(const std::string &folder);

/// Bytes a second that as many threads as this process may use read from
/// memory, in a third of a second. Errors: MemoryUnavailable (6).
Result<double> measureMemory(uint32_t threads);

/// Bytes of the folder's .safetensors files; 0 where there are none.
uint64_t weightBytes(const std::string &folder);

} // namespace ds
