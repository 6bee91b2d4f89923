// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/dsc/WeightFiles.h"
#include "compiler/checkpoint/CheckpointIndex.h"

namespace ds {

Result<std::vector<WeightFile>> weightFiles(const std::string &folder) {
  using namespace checkpoint;
  DS_ASSIGN(InputFolder opened, InputFolder::open(folder));
  std::vector<std::string> names = {"model.safetensors"};
  DS_ASSIGN(std::optional<InputFile> indexFile, opened.tryOpen(kIndexName));
  if (indexFile) {
    DS_ASSIGN(CheckpointIndex index, readIndex(*indexFile));
    names = std::move(index.shards);
  }
  std::vector<WeightFile> files;
  for (const std::string &name : names) {
    DS_ASSIGN(std::optional<InputFile> file, opened.tryOpen(name));
    if (file)
      files.push_back({file->path(), file->size()});
  }
  return files;
}

uint64_t bytesOf(const std::vector<WeightFile> &files) {
  uint64_t sum = 0;
  for (const WeightFile &file : files)
    sum += file.bytes;
  return sum;
}

} // namespace ds
