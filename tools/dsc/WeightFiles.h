// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "runtime/base/Status.h"
#include <cstdint>
#include <string>
#include <vector>

namespace ds {

struct WeightFile {
  std::string path;
  uint64_t bytes = 0;
};

/// The shards that the folder's index names or, without one, its
/// model.safetensors: those that are there already, in order. Errors:
/// FolderUnreadable, those of the index, and of a shard that is no file.
Result<std::vector<WeightFile>> weightFiles(const std::string &folder);

/// Of all of them.
uint64_t bytesOf(const std::vector<WeightFile> &files);

} // namespace ds
