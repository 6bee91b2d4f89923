// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Loaded before a program's own libraries (LD_PRELOAD): what the C library
// answers when the machine is at fault. DS_INJECT says "FUNCTION CALL ACTION":
// the call (counted from 0) of that function fails with the error number
// ACTION. Three words are no error numbers: `pwrite N flip` stores one wrong
// bit; `all 0 pause` lets every call take 15 ms and pwrite write a quarter;
// `sysconf 0 16384` is the size of a memory page. Calls of the functions below
// are appended to the file DS_INJECT_LOG, one a line.
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <dlfcn.h>
#include <fcntl.h>
#include <string>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

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

/// Whether this call of `function` is the one to fail; `calls` counts them.
bool isHit(const char *function, int &calls) {
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

} // namespace

extern "C" {

ssize_t pwrite(int file, const void *bytes, size_t count, off_t offset) {
  static int calls = 0;
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
  static int calls = 0;
  log("posix_fallocate\n");
  if (isHit("posix_fallocate", calls))
    return number();
  return next<decltype(&posix_fallocate)>("posix_fallocate")(file, offset,
                                                             size);
}

int fsync(int file) {
  static int calls = 0;
  struct stat info{};
  ::fstat(file, &info);
  log(S_ISDIR(info.st_mode) ? "fsync folder\n" : "fsync file\n");
  if (isHit("fsync", calls)) {
    errno = number();
    return -1;
  }
  return next<decltype(&fsync)>("fsync")(file);
}

int rename(const char *from, const char *to) noexcept {
  static int calls = 0;
  log("rename\n");
  if (isHit("rename", calls)) {
    errno = number();
    return -1;
  }
  return next<decltype(&rename)>("rename")(from, to);
}

/// Counts calls that ask for executable memory only.
int mprotect(void *data, size_t size, int protection) noexcept {
  static int calls = 0;
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
