// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Memory that is asked for once, at the start of a session.
#pragma once
#include "runtime/base/Status.h"
#include <cstddef>
#include <cstdint>
#include <utility>

namespace ds::rt {

/// Zeroed anonymous memory at a page boundary; from 2 MiB on at a multiple of
/// 2 MiB, with huge pages where the system gives them. The pages are taken when
/// they are first touched.
class Memory {
public:
  Memory() = default;
  /// Errors: MemoryUnavailable (6). Zero bytes are no error and no memory.
  static Result<Memory> allocate(uint64_t bytes);
  Memory(Memory &&other) noexcept { *this = std::move(other); }
  Memory &operator=(Memory &&other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~Memory();

  std::byte *data() const { return data_; }
  uint64_t size() const { return size_; } // as asked for

private:
  std::byte *data_ = nullptr;
  uint64_t size_ = 0;
};

} // namespace ds::rt
