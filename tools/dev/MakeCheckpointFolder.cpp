// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/checkpoint/Checkpoint.h"
#include "compiler/checkpoint/ConfigReader.h"
#include "runtime/base/Sha256.h"
#include "tools/dev/MakeCheckpoint.h"
#include <algorithm>
#include <filesystem>

namespace ds::dev {
namespace {

struct Row {
  std::string_view name, config;
  size_t shards = 2;
  std::string_view generation = {}; // generation_config.json
  bool isLarge = false;
};
// The text of test/models/NAME/config.json.
constexpr char kMicroV3[] = {
#embed "test/models/micro-v3/config.json"
};
constexpr char kMicroV3FP8[] = {
#embed "test/models/micro-v3-fp8/config.json"
};
constexpr char kMicroV31UE8M0[] = {
#embed "test/models/micro-v31-ue8m0/config.json"
};
constexpr char kMicroV3NoQLora[] = {
#embed "test/models/micro-v3-noqlora/config.json"
};
constexpr char kR1[] = {
#embed "test/models/r1-671b/config.json"
};
constexpr char kR1Generation[] = {
#embed "test/models/r1-671b/generation_config.json"
};
constexpr Row kRows[] = {
    {"micro-v3", {kMicroV3, sizeof kMicroV3}},
    {"micro-v3-fp8", {kMicroV3FP8, sizeof kMicroV3FP8}},
    {"micro-v31-ue8m0", {kMicroV31UE8M0, sizeof kMicroV31UE8M0}},
    {"micro-v3-noqlora", {kMicroV3NoQLora, sizeof kMicroV3NoQLora}},
    {.name = "r1-671b",
     .config = {kR1, sizeof kR1},
     .shards = 163,
     .generation = {kR1Generation, sizeof kR1Generation},
     .isLarge = true},
};

const Row *findRow(std::string_view name) {
  auto at = std::ranges::find(kRows, name, &Row::name);
  return at == std::end(kRows) ? nullptr : at;
}

std::vector<std::string_view> namesOf(bool isLarge) {
  std::vector<std::string_view> names;
  for (const Row &row : kRows)
    if (row.isLarge == isLarge)
      names.push_back(row.name);
  return names;
}

/// Shards of nearly equal numbers of tensors, in order of names.
Shards sharedByCount(const std::vector<ListedTensor> &tensors, size_t shards) {
  std::vector<const ListedTensor *> sorted;
  for (const ListedTensor &tensor : tensors)
    sorted.push_back(&tensor);
  std::ranges::sort(sorted, {}, &ListedTensor::name);
  size_t step = (sorted.size() + shards - 1) / shards;
  Shards out(shards);
  for (size_t i = 0; i < sorted.size(); ++i)
    out[i / step].push_back(sorted[i]);
  return out;
}

/// Shards of nearly equal size: a tensor goes where its first byte falls. In a
/// shard wide types come first, then names decide, as the library that saves
/// such files does it.
Shards sharedByBytes(const std::vector<ListedTensor> &tensors, size_t shards) {
  uint64_t total = 0, begin = 0;
  for (const ListedTensor &tensor : tensors)
    total += tensor.bytes();
  uint64_t step = (total + shards - 1) / shards;
  Shards out(shards);
  for (const ListedTensor &tensor : tensors) {
    out[begin / step].push_back(&tensor);
    begin += tensor.bytes();
  }
  auto key = [](const ListedTensor *tensor) {
    unsigned width = tensor->dtype == "F32"    ? 4
                     : tensor->dtype == "BF16" ? 2
                                               : 1;
    return std::pair(4 - width, std::string_view(tensor->name));
  };
  for (auto &shard : out)
    std::ranges::sort(shard, {}, key);
  return out;
}

} // namespace

std::string_view configOf(std::string_view name) {
  const Row *row = findRow(name);
  return row ? row->config : std::string_view();
}

std::vector<std::string_view> checkpointNames() { return namesOf(false); }
std::vector<std::string_view> sparseNames() { return namesOf(true); }

Status makeCheckpoint(std::string_view name, const std::string &folder,
                      Values values) {
  const Row *row = findRow(name);
  if (!row || (row->isLarge && values == Values::Random))
    return Error{.code = ErrorCode::UsageError,
                 .file = "",
                 .subject = row ? "too large for values, only --sparse"
                                : "no checkpoint of that name",
                 .found = std::string(name)};
  std::error_code code;
  std::filesystem::create_directories(folder, code);
  if (code)
    return Error{.code = ErrorCode::FolderUnreadable,
                 .file = folder,
                 .subject = "cannot create: " + code.message()};
  DS_TRY(writeFile(folder + "/config.json", {row->config}));
  if (!row->generation.empty())
    DS_TRY(writeFile(folder + "/generation_config.json", {row->generation}));
  DS_ASSIGN(checkpoint::ModelConfig config,
            checkpoint::readConfig(folder + "/config.json"));
  std::vector<ListedTensor> tensors = listTensors(config);
  Shards shards = row->isLarge ? sharedByBytes(tensors, row->shards)
                               : sharedByCount(tensors, row->shards);
  if (values == Values::Hole)
    return writeShards(folder, shards, nullptr);
  Contents contents = generateWeights(config, tensors);
  return writeShards(folder, shards, &contents);
}

Result<std::string> digestOfFolder(const std::string &path) {
  DS_ASSIGN(checkpoint::InputFolder folder,
            checkpoint::InputFolder::open(path));
  DS_ASSIGN(checkpoint::Checkpoint stored, checkpoint::readCheckpoint(folder));
  std::vector<checkpoint::InputFile> files;
  for (const checkpoint::Shard &shard : stored.shards) {
    DS_ASSIGN(checkpoint::InputFile file, folder.openFile(shard.name));
    files.push_back(std::move(file));
  }
  Sha256 sha;
  std::string bytes;
  for (const auto &[name, tensor] : stored.tensors) {
    bytes.resize(tensor.bytes);
    DS_TRY(files[tensor.shard].read(tensor.offset, bytes.data(), bytes.size()));
    sha.update(name);
    sha.update(std::string_view("\0", 1));
    sha.update(bytes);
  }
  return hexOf(sha.finish());
}

} // namespace ds::dev
