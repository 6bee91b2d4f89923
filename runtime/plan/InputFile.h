// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A regular file that is open for reading.
#pragma once
#include "runtime/base/Status.h"
#include <cstdint>
#include <string>

namespace ds::rt {

class InputFile {
public:
  /// Never blocks: a FIFO, device or folder is refused. Links are followed.
  /// All errors, here and of readAt(), have the code `unreadable`.
  static Result<InputFile> open(const std::string &path, ErrorCode unreadable);
  InputFile(InputFile &&other) noexcept;
  InputFile &operator=(InputFile &&) = delete;
  ~InputFile();

  uint64_t size() const { return size_; } // when it was opened
  int descriptor() const { return descriptor_; }
  /// Fills `to` with the bytes at `offset`; fewer bytes are an error.
  Status readAt(uint64_t offset, void *to, size_t bytes) const;

private:
  InputFile(std::string path, ErrorCode unreadable)
      : path_(std::move(path)), unreadable_(unreadable) {}

  std::string path_;
  ErrorCode unreadable_;
  int descriptor_ = -1;
  uint64_t size_ = 0;
};

} // namespace ds::rt
