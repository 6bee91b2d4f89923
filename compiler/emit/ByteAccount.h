// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Where the bytes of a checkpoint's shards go: into the plan, or nowhere.
#pragma once
#include "compiler/checkpoint/Model.h"
#include <functional>

namespace ds {

/// Stored tensors that no step of the plan reads.
struct UnusedTensors {
  std::string what; // "of the MTP layer"
  uint64_t tensors = 0, bytes = 0;
};

struct ByteAccount {
  uint64_t stored = 0; // data bytes of all shards
  uint64_t used = 0;   // of tensors that the plan refers to
  std::vector<UnusedTensors> unused;

  uint64_t unusedBytes() const;
};

/// Counts every stored tensor once. `isUsed` says of a name whether the plan
/// refers to it. InternalError where the tensors do not fill the shards.
Result<ByteAccount>
accountBytes(const checkpoint::Model &model,
             const std::function<bool(const std::string &)> &isUsed);

} // namespace ds
