// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a checkpoint folder stores: shards and tensors, from the headers alone.
#pragma once
#include "compiler/checkpoint/OpenFile.h"
#include "compiler/checkpoint/SafetensorsHeader.h"
#include <functional>
#include <map>

namespace ds::checkpoint {

struct Shard {
  std::string name; // in the folder
  std::string path; // as the user named the folder, with the name
  uint64_t fileSize = 0;
  uint64_t headerBytes = 0; // N; the data starts at 8 + N
  FileIdentity identity = {};
};

struct StoredTensor {
  uint32_t shard = 0; // index into Checkpoint::shards
  DType dtype = {};
  std::vector<uint64_t> shape = {};
  uint64_t offset = 0; // from the start of the shard's file
  uint64_t bytes = 0;
};

struct Checkpoint {
  std::string folder;
  std::vector<Shard> shards; // sorted by name
  std::map<std::string, StoredTensor, std::less<>> tensors;
  std::vector<std::string> notes; // sentences for the user; no errors
};

/// Every shard of the index, or the single model.safetensors. Afterwards each
/// tensor is stored exactly once, where the index says, inside its file.
Result<Checkpoint> readCheckpoint(const InputFolder &folder);

/// FileChanged for every shard whose size, time or inode is no longer the one
/// that was read.
Status verifyUnchanged(const Checkpoint &checkpoint);

} // namespace ds::checkpoint
