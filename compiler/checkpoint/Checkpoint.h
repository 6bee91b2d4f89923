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
  std::string besideFolder = {}; // where it lies, if not in the checkpoint's
                                 // folder: beside the plan
};

struct StoredTensor {
  uint32_t shard = 0; // index into Checkpoint::shards
  DType dtype = {};
  std::vector<uint64_t> shape = {};
  uint64_t offset = 0; // from the start of the shard's file
  uint64_t bytes = 0;
};

/// How much is asked of a folder.
struct ReadOptions {
  bool strict = false;      // what is a note otherwise is an error
  bool strictFiles = false; // no file is a link or has another name
};

/// A file beside the shards that the compiler reads.
struct SideFile {
  std::string name, path;
  FileIdentity identity = {};
};

struct Checkpoint {
  std::string folder;
  std::vector<SideFile> sideFiles;
  std::vector<Shard> shards; // sorted by name
  std::map<std::string, StoredTensor, std::less<>> tensors;
  /// Tensors of the shards that --quantize-weights has replaced.
  uint64_t replacedTensors = 0, replacedBytes = 0;
  bool hasCode = false;           // Python files, which are never run
  std::vector<std::string> notes; // sentences for the user; no errors
};

/// Every shard of the index, or the single model.safetensors. Afterwards each
/// tensor is stored exactly once, where the index says, inside its file.
Result<Checkpoint> readCheckpoint(const InputFolder &folder,
                                  const ReadOptions &options = {});

/// The shard's file, wherever it lies.
Result<InputFile> openShard(const Checkpoint &checkpoint, const Shard &shard);

/// FileChanged for every shard and side file whose size, time or inode is no
/// longer the one that was read.
Status verifyUnchanged(const Checkpoint &checkpoint);

/// OutputIsInput when `output` exists and is one of the checkpoint's files, by
/// whatever name.
Status checkNotInput(const Checkpoint &checkpoint, const std::string &output);

} // namespace ds::checkpoint
