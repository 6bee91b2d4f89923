// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/device/Memory.h"
#include <cerrno>
#include <cstring>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

namespace ds::rt {
namespace {

constexpr uint64_t kHugePage = uint64_t(2) << 20;

uint64_t pagesOf(uint64_t bytes) {
  uint64_t page = uint64_t(::sysconf(_SC_PAGESIZE));
  return (bytes + page - 1) / page * page;
}

} // namespace

Result<Memory> Memory::allocate(uint64_t bytes) {
  Memory memory;
  if (!bytes)
    return memory;
  bool isLarge = bytes >= kHugePage;
  uint64_t slack = isLarge ? kHugePage : 0;
  void *mapped = MAP_FAILED;
  errno = ENOMEM;
  if (bytes < uint64_t(1) << 62)
    mapped = ::mmap(nullptr, pagesOf(bytes) + slack, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED)
    return Error{.code = ErrorCode::MemoryUnavailable,
                 .subject = "cannot get " + std::to_string(bytes) +
                            " bytes of memory: " + std::strerror(errno)};
  auto *first = static_cast<std::byte *>(mapped);
  memory.data_ = first;
  memory.size_ = bytes;
  if (isLarge) {
    uint64_t before = -reinterpret_cast<uintptr_t>(first) % kHugePage;
    memory.data_ += before;
    if (before)
      ::munmap(first, before);
    if (slack - before)
      ::munmap(memory.data_ + pagesOf(bytes), slack - before);
    ::madvise(memory.data_, pagesOf(bytes), MADV_HUGEPAGE); // advice only
  }
  return memory;
}

Memory::~Memory() {
  if (data_)
    ::munmap(data_, pagesOf(size_));
}

} // namespace ds::rt
