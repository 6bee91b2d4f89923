// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Preloaded into a program under test: DS_FAIL_READ="K:ERRNO" lets the K-th
// call of pread, from 0, and all after it fail with that error number.
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

namespace {
std::atomic<int> calls;

ssize_t readOrFail(int file, void *to, size_t size, off_t offset) {
  int failFrom = 0, number = 0;
  const char *order = std::getenv("DS_FAIL_READ");
  if (order && std::sscanf(order, "%d:%d", &failFrom, &number) == 2 &&
      calls++ >= failFrom) {
    errno = number;
    return -1;
  }
  return syscall(SYS_pread64, file, to, size, offset);
}
} // namespace

// Every spelling under which a C library may be asked for it.
extern "C" {
ssize_t pread(int file, void *to, size_t size, off_t offset) {
  return readOrFail(file, to, size, offset);
}
ssize_t pread64(int file, void *to, size_t size, off_t offset) {
  return readOrFail(file, to, size, offset);
}
ssize_t __pread_chk(int file, void *to, size_t size, off_t offset, size_t) {
  return readOrFail(file, to, size, offset);
}
ssize_t __pread64_chk(int file, void *to, size_t size, off_t offset, size_t) {
  return readOrFail(file, to, size, offset);
}
}
