// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Short measurements of this machine.
#pragma once
#include "tools/dsc/WeightFiles.h"
#include <cstdint>
#include <string>

namespace ds {

struct DiskSpeed {
  double bytesPerSecond = 0;
  std::string file;      // that was read; empty: a temporary one
  bool isDirect = false; // past the system's cache
};

/// Reads the largest of the folder's weight files for at most a second, or,
/// where there is none of 16 MiB, a temporary file that is written first.
/// Errors: FileUnreadable, OutputCreate, OutputWrite (5).
Result<DiskSpeed> measureDisk(const std::string &folder,
                              const std::vector<WeightFile> &files);

/// Bytes a second that as many threads as this process may use read from
/// memory, in a third of a second. Errors: MemoryUnavailable (6).
Result<double> measureMemory(uint32_t threads);

} // namespace ds
