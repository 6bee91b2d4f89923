// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/dev/ShardWriter.h"
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace ds::dev {
namespace {

Error unwritable(const std::string &path, const std::string &reason) {
  return {.code = ErrorCode::FileUnreadable,
          .file = path,
          .subject = "cannot write: " + reason};
}

std::string shardName(size_t number, size_t shards) {
  char name[64];
  std::snprintf(name, sizeof name, "model-%05zu-of-%06zu.safetensors", number,
                shards);
  return name;
}

/// Length, then JSON padded to 8 bytes with spaces; names need no escapes.
std::string headerOf(const std::vector<const ListedTensor *> &tensors) {
  std::string header = R"({"__metadata__":{"format":"pt"})";
  uint64_t begin = 0;
  for (const ListedTensor *tensor : tensors) {
    std::string shape;
    for (uint64_t extent : tensor->shape)
      shape += (shape.empty() ? "" : ",") + std::to_string(extent);
    uint64_t end = begin + tensor->bytes();
    header += ",\"" + tensor->name + "\":{\"dtype\":\"" + tensor->dtype +
              "\",\"shape\":[" + shape + "],\"data_offsets\":[" +
              std::to_string(begin) + "," + std::to_string(end) + "]}";
    begin = end;
  }
  header += "}";
  header.append((8 - header.size() % 8) % 8, ' ');
  std::string length;
  for (int i = 0; i < 8; ++i)
    length += char(uint64_t(header.size()) >> (8 * i));
  return length + header;
}

Status writeShard(const std::string &path,
                  const std::vector<const ListedTensor *> &tensors,
                  const Contents *contents) {
  std::string header = headerOf(tensors), data;
  uint64_t size = header.size();
  for (const ListedTensor *tensor : tensors) {
    size += tensor->bytes();
    if (contents)
      data += contents->at(tensor->name);
  }
  DS_TRY(writeFile(path, {header, data}));
  std::error_code code;
  if (!contents)
    std::filesystem::resize_file(path, size, code);
  return code ? Status(unwritable(path, code.message())) : Status::ok();
}

} // namespace

Status writeFile(const std::string &path,
                 std::initializer_list<std::string_view> parts) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  for (std::string_view part : parts)
    file.write(part.data(), std::streamsize(part.size()));
  file.close();
  return file ? Status::ok() : Status(unwritable(path, std::strerror(errno)));
}

Status writeShards(const std::string &folder, const Shards &shards,
                   const Contents *contents) {
  uint64_t total = 0;
  std::string map;
  for (size_t i = 0; i < shards.size(); ++i) {
    std::string name = shardName(i + 1, shards.size());
    for (const ListedTensor *tensor : shards[i]) {
      total += tensor->bytes();
      map += (map.empty() ? "\n    \"" : ",\n    \"") + tensor->name +
             "\": \"" + name + "\"";
    }
    DS_TRY(writeShard(folder + "/" + name, shards[i], contents));
  }
  return writeFile(
      folder + "/model.safetensors.index.json",
      {"{\n  \"metadata\": {\n    \"total_size\": ", std::to_string(total),
       "\n  },\n  \"weight_map\": {", map, "\n  }\n}\n"});
}

} // namespace ds::dev
