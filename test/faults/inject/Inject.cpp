// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Loaded before a program's own libraries (LD_PRELOAD): what the C library
// answers when the machine is at fault. DS_INJECT says "FUNCTION CALL ACTION":
// the call (counted from 0) of that function fails with the error number
// ACTION; of pread, all calls from that one on. Three actions are no error
// numbers: `pwrite N flip` stores one wrong bit; `all 0 pause` lets every call
// that writes take 15 ms and pwrite write a quarter; `sysconf 0 16384` is the
// size of a memory page. Calls that write are appended to the file
// DS_INJECT_LOG, one a line.
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <dlfcn.h>
#include <fcntl.h>
#include <string>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

struct Fault {
  char function[32] = {}, action[32] = {};
  int call = 0;
  bool isPause = false;
};

const Fault &fault() {
  static const Fault fault = [] {
    Fault read;
    if (const char *text = std::getenv("DS_INJECT"))
      std::sscanf(text, "%31s %d %31s", read.function, &read.call, read.action);
    read.isPause = !std::strcmp(read.action, "pause");
    return read;
  }();
  return fault;
}

void log(const char *line) {
  const char *path = std::getenv("DS_INJECT_LOG");
  int file = path ? ::open(path, O_WRONLY | O_CREAT | O_APPEND, 0666) : -1;
  if (file < 0)
    return;
  [[maybe_unused]] ssize_t put = ::write(file, line, std::strlen(line));
  ::close(file);
}

using Count = std::atomic<int>; // of a function's calls

/// Whether this call of `function` is the one to fail.
bool isHit(const char *function, Count &calls) {
  if (fault().isPause) {
    timespec time{0, 15'000'000};
    ::nanosleep(&time, nullptr);
  }
  return !std::strcmp(fault().function, function) && calls++ == fault().call;
}

int number() { return std::atoi(fault().action); }

template <class Function>
Function next(const char *name) {
  return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

ssize_t readOrFail(int file, void *to, size_t size, off_t offset) {
  static Count calls = 0;
  if (!std::strcmp(fault().function, "pread") && calls++ >= fault().call) {
    errno = number();
    return -1;
  }
  return ::syscall(SYS_pread64, file, to, size, offset);
}

} // namespace

extern "C" {

// Every spelling under which a C library may be asked to read.
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

ssize_t pwrite(int file, const void *bytes, size_t count, off_t offset) {
  static Count calls = 0;
  log("pwrite\n");
  auto *real = next<decltype(&pwrite)>("pwrite");
  if (!isHit("pwrite", calls))
    return real(file, bytes, fault().isPause ? (count + 3) / 4 : count, offset);
  if (std::strcmp(fault().action, "flip") != 0) {
    errno = number();
    return -1;
  }
  std::string wrong(static_cast<const char *>(bytes), count);
  wrong[count / 2] ^= 1;
  return real(file, wrong.data(), count, offset);
}

int posix_fallocate(int file, off_t offset, off_t size) noexcept(false) {
  static Count calls = 0;
  log("posix_fallocate\n");
  if (isHit("posix_fallocate", calls))
    return number();
  return next<decltype(&posix_fallocate)>("posix_fallocate")(file, offset,
                                                             size);
}

int fsync(int file) {
  static Count calls = 0;
  struct stat info{};
  ::fstat(file, &info);
  log(S_ISDIR(info.st_mode) ? "fsync folder\n" : "fsync file\n");
  if (isHit("fsync", calls)) {
    errno = number();
    return -1;
  }
  return next<decltype(&fsync)>("fsync")(file);
}

int flock(int file, int operation) noexcept {
  static Count calls = 0;
  if (isHit("flock", calls)) {
    errno = number();
    return -1;
  }
  return next<decltype(&flock)>("flock")(file, operation);
}

int rename(const char *from, const char *to) noexcept {
  static Count calls = 0;
  log("rename\n");
  if (isHit("rename", calls)) {
    errno = number();
    return -1;
  }
  return next<decltype(&rename)>("rename")(from, to);
}

/// Counts calls that ask for executable memory only.
int mprotect(void *data, size_t size, int protection) noexcept {
  static Count calls = 0;
  if ((protection & PROT_EXEC) && isHit("mprotect", calls)) {
    errno = number();
    return -1;
  }
  return next<decltype(&mprotect)>("mprotect")(data, size, protection);
}

long sysconf(int name) noexcept {
  if (name == _SC_PAGESIZE && !std::strcmp(fault().function, "sysconf"))
    return number();
  return next<decltype(&sysconf)>("sysconf")(name);
}

} // extern "C"
