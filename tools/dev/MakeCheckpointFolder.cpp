// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/checkpoint/Checkpoint.h"
#include "compiler/checkpoint/ConfigReader.h"
#include "runtime/base/Sha256.h"
#include "tools/dev/MakeCheckpoint.h"
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace ds::dev {
namespace {

struct MicroConfig {
  std::string_view name, text;
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
constexpr MicroConfig kConfigs[] = {
    {"micro-v3", {kMicroV3, sizeof kMicroV3}},
    {"micro-v3-fp8", {kMicroV3FP8, sizeof kMicroV3FP8}},
    {"micro-v31-ue8m0", {kMicroV31UE8M0, sizeof kMicroV31UE8M0}},
    {"micro-v3-noqlora", {kMicroV3NoQLora, sizeof kMicroV3NoQLora}},
};

constexpr size_t kShards = 2;

Status writeFile(const std::string &path,
                 std::initializer_list<std::string_view> parts) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  for (std::string_view part : parts)
    file.write(part.data(), std::streamsize(part.size()));
  file.close();
  if (file)
    return Status::ok();
  return Error{.code = ErrorCode::FileUnreadable,
               .file = path,
               .subject = std::string("cannot write: ") + std::strerror(errno)};
}

std::string shardName(size_t number) {
  char name[64];
  std::snprintf(name, sizeof name, "model-%05zu-of-%06zu.safetensors", number,
                kShards);
  return name;
}

/// Length, header padded to 8 bytes with spaces, data; names need no escapes.
Status writeShard(const std::string &path, Tensors::const_iterator first,
                  Tensors::const_iterator last) {
  std::string header = "{", data;
  for (auto at = first; at != last; ++at) {
    const auto &[name, tensor] = *at;
    std::string shape;
    for (uint64_t extent : tensor.shape)
      shape += (shape.empty() ? "" : ",") + std::to_string(extent);
    uint64_t end = data.size() + tensor.bytes.size();
    header += (header.size() > 1 ? ",\"" : "\"") + name + "\":{\"dtype\":\"" +
              tensor.dtype + "\",\"shape\":[" + shape + "],\"data_offsets\":[" +
              std::to_string(data.size()) + "," + std::to_string(end) + "]}";
    data += tensor.bytes;
  }
  header += "}";
  header.append((8 - header.size() % 8) % 8, ' ');
  std::string length;
  for (int i = 0; i < 8; ++i)
    length += char(uint64_t(header.size()) >> (8 * i));
  return writeFile(path, {length, header, data});
}

} // namespace

std::string_view configOf(std::string_view name) {
  for (const MicroConfig &config : kConfigs)
    if (config.name == name)
      return config.text;
  return {};
}

std::vector<std::string_view> checkpointNames() {
  std::vector<std::string_view> names;
  for (const MicroConfig &config : kConfigs)
    names.push_back(config.name);
  return names;
}

Status makeCheckpoint(std::string_view name, const std::string &folder) {
  std::string_view text = configOf(name);
  if (text.empty())
    return Error{.code = ErrorCode::UsageError,
                 .file = "",
                 .subject = "no micro checkpoint of that name",
                 .found = std::string(name)};
  std::error_code code;
  std::filesystem::create_directories(folder, code);
  if (code)
    return Error{.code = ErrorCode::FolderUnreadable,
                 .file = folder,
                 .subject = "cannot create: " + code.message()};
  std::string prefix = folder + "/";
  DS_TRY(writeFile(prefix + "config.json", {text}));
  DS_ASSIGN(checkpoint::ModelConfig config,
            checkpoint::readConfig(prefix + "config.json"));
  Tensors tensors = generateWeights(config);

  size_t step = (tensors.size() + kShards - 1) / kShards;
  uint64_t total = 0;
  std::string map;
  auto at = tensors.cbegin();
  for (size_t shard = 1; shard <= kShards; ++shard) {
    auto first = at;
    for (size_t i = 0; i < step && at != tensors.cend(); ++i, ++at) {
      total += at->second.bytes.size();
      map += (map.empty() ? "\n  \"" : ",\n  \"") + at->first + "\": \"" +
             shardName(shard) + "\"";
    }
    DS_TRY(writeShard(prefix + shardName(shard), first, at));
  }
  return writeFile(
      prefix + "model.safetensors.index.json",
      {"{\n \"metadata\": {\n  \"total_size\": ", std::to_string(total),
       "\n },\n \"weight_map\": {", map, "\n }\n}"});
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
