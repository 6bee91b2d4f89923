// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Shards of a generated checkpoint and their index, as files.
#pragma once
#include "runtime/base/Status.h"
#include "tools/dev/TensorList.h"
#include <initializer_list>
#include <map>
#include <span>

namespace ds::dev {

/// The bytes of tensors by name.
using Contents = std::map<std::string, std::string>;
/// The tensors of each shard, in the order of their bytes.
using Shards = std::vector<std::vector<const ListedTensor *>>;

/// Writes every shard and model.safetensors.index.json into `folder`. Without
/// contents the data of a shard is a hole of the right size: it reads as zeros
/// and takes no room on the disk.
Status writeShards(const std::string &folder, const Shards &shards,
                   const Contents *contents);

Status writeFile(const std::string &path,
                 std::initializer_list<std::string_view> parts);

} // namespace ds::dev
