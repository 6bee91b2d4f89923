// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A folder in memory whose files are inputs of a fuzzer.
#pragma once
#include "compiler/checkpoint/OpenFile.h"
#include <span>

namespace ds::fuzz {

class FuzzFolder {
public:
  FuzzFolder();
  ~FuzzFolder();
  FuzzFolder(const FuzzFolder &) = delete;

  const std::string &path() const { return path_; }
  /// Replaces the file; a hole follows the bytes up to `size`.
  void write(const std::string &name, std::string_view bytes,
             uint64_t size = 0) const;
  checkpoint::InputFile open(const std::string &name) const;

private:
  std::string path_;
};

inline std::string_view textOf(const uint8_t *data, size_t size) {
  return {reinterpret_cast<const char *>(data), size};
}

} // namespace ds::fuzz
