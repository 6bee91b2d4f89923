// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/emit/ByteAccount.h"
#include <charconv>

namespace ds {
namespace {

enum Group : size_t { Mtp, Copies, Other };
constexpr const char *kGroups[] = {
    "of the MTP layer",
    "of the MTP layer that repeat the embedding and the head",
    "that the model does not have",
};

Group groupOf(std::string_view name, const checkpoint::ModelConfig &config) {
  constexpr std::string_view layers = "model.layers.";
  if (!name.starts_with(layers))
    return Other;
  uint64_t layer = 0;
  std::string_view number = name.substr(layers.size());
  std::from_chars(number.data(), number.data() + number.size(), layer);
  if (layer < config.numHiddenLayers)
    return Other;
  return name.ends_with(".embed_tokens.weight") ||
                 name.ends_with(".shared_head.head.weight")
             ? Copies
             : Mtp;
}

} // namespace

uint64_t ByteAccount::unusedBytes() const {
  uint64_t bytes = 0;
  for (const UnusedTensors &group : unused)
    bytes += group.bytes;
  return bytes;
}

Result<ByteAccount>
accountBytes(const checkpoint::Model &model,
             const std::function<bool(const std::string &)> &isUsed) {
  ByteAccount account;
  for (const checkpoint::Shard &shard : model.checkpoint.shards)
    account.stored += shard.fileSize - 8 - shard.headerBytes;
  std::vector<UnusedTensors> groups;
  for (const char *what : kGroups)
    groups.push_back({what});
  for (const auto &[name, tensor] : model.checkpoint.tensors) {
    if (isUsed(name)) {
      account.used += tensor.bytes;
      continue;
    }
    UnusedTensors &group = groups[groupOf(name, model.config)];
    ++group.tensors;
    group.bytes += tensor.bytes;
  }
  groups.push_back({"that quantised ones replace",
                    model.checkpoint.replacedTensors,
                    model.checkpoint.replacedBytes});
  for (UnusedTensors &group : groups)
    if (group.tensors)
      account.unused.push_back(std::move(group));
  if (account.used + account.unusedBytes() != account.stored)
    return Error{.code = ErrorCode::InternalError,
                 .file = model.checkpoint.folder,
                 .subject = "bytes of tensors",
                 .found = std::to_string(account.used + account.unusedBytes()),
                 .expected = std::to_string(account.stored) + " in the shards"};
  return account;
}

} // namespace ds
