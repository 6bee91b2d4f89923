// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// model.safetensors.index.json: which shard holds which tensor.
#pragma once
#include "compiler/checkpoint/OpenFile.h"

namespace ds::checkpoint {

constexpr uint64_t kMaxIndexBytes = 64u << 20;
constexpr uint64_t kMaxShards = 8192;
constexpr const char *kIndexName = "model.safetensors.index.json";

struct IndexEntry {
  std::string tensor;
  uint32_t shard; // index into CheckpointIndex::shards
};

struct CheckpointIndex {
  std::vector<std::string> shards; // plain file names, sorted, each once
  std::vector<IndexEntry> entries; // sorted by tensor name, each once
  std::optional<uint64_t> totalSize;
};

/// Checks the index by itself; shards and tensors are compared by
/// readCheckpoint.
Result<CheckpointIndex> readIndex(const InputFile &file);

} // namespace ds::checkpoint
