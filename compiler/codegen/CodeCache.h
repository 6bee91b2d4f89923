// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compiled code by what it was compiled from, in a folder of the user. Its
// files may vanish, be cut off or damaged at any time: then the code is
// compiled again. Nothing here fails.
#pragma once
#include "runtime/base/Sha256.h"
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace ds {

class CodeCache {
public:
  /// `folder` is made when it is needed; empty: nothing is found or kept.
  explicit CodeCache(std::string folder) : folder_(std::move(folder)) {}

  /// Of all that decides the bytes of the code; parts do not run together.
  static Digest keyOf(std::span<const std::string> parts);

  /// What was stored under the key, if its bytes are still those.
  std::optional<std::vector<uint8_t>> find(const Digest &key) const;
  /// Safe beside other writers of the same folder, in this process or another.
  void store(const Digest &key, std::span<const uint8_t> code) const;

private:
  std::string pathOf(const Digest &key) const;

  std::string folder_;
};

} // namespace ds
