// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/dsc/Probes.h"
#include "runtime/device/Memory.h"
#include "runtime/device/ThreadPool.h"
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

namespace ds {
namespace {

using Clock = std::chrono::steady_clock;

constexpr uint64_t kPiece = uint64_t(4) << 20; // bytes of one read
constexpr double kDiskSeconds = 1, kMemorySeconds = 0.3;

double secondsSince(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

class Descriptor {
public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor &) = delete;
  ~Descriptor() {
    if (number_ >= 0)
      ::close(number_);
  }
  int operator*() const { return number_; }

private:
  int number_;
};

Error failure(ErrorCode code, const std::string &file, const char *what) {
  return {.code = code,
          .file = file,
          .subject = fmt::format("{}: {}", what, std::strerror(errno))};
}

/// Reads the file from its beginning, again and again where it is short, until
/// the time is over. Past the cache where the file system can; else what the
/// cache holds of the file is given up first, as far as the system likes.
Result<DiskSpeed> readFor(int descriptor, const std::string &name,
                          uint64_t size) {
  DiskSpeed speed{.file = name};
  int flags = ::fcntl(descriptor, F_GETFL);
  speed.isDirect = ::fcntl(descriptor, F_SETFL, flags | O_DIRECT) == 0;
  DS_ASSIGN(rt::Memory memory, rt::Memory::allocate(kPiece));
  uint64_t done = 0;
  Clock::time_point begin = Clock::now();
  for (uint64_t at = 0; secondsSince(begin) < kDiskSeconds;) {
    if (at == 0 && !speed.isDirect)
      ::posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED);
    ssize_t count = ::pread(descriptor, memory.data(), kPiece, off_t(at));
    if (count < 0 && errno == EINVAL && speed.isDirect) {
      ::fcntl(descriptor, F_SETFL, flags);
      speed.isDirect = false;
      continue;
    }
    if (count < 0)
      return failure(ErrorCode::FileUnreadable, name, "read failed");
    done += uint64_t(count);
    at += uint64_t(count);
    if (count == 0 || at + kPiece > size)
      at = 0;
  }
  speed.bytesPerSecond = double(done) / secondsSince(begin);
  return speed;
}

Result<DiskSpeed> readTemporary(const std::string &folder) {
  constexpr uint64_t pieces = 16;
  std::string path = folder + "/.dsc-doctor-XXXXXX";
  Descriptor file(::mkostemp(path.data(), O_CLOEXEC));
  if (*file < 0)
    return failure(ErrorCode::OutputCreate, folder,
                   "cannot create a temporary file");
  ::unlink(path.c_str());
  std::string piece(kPiece, '\x5a');
  Clock::time_point begin = Clock::now();
  uint64_t size = 0;
  for (uint64_t i = 0; i < pieces && secondsSince(begin) < kDiskSeconds; ++i) {
    if (::pwrite(*file, piece.data(), kPiece, off_t(size)) != ssize_t(kPiece))
      return failure(ErrorCode::OutputWrite, folder,
                     "cannot write a temporary file");
    size += kPiece;
    ::fdatasync(*file);
  }
  DS_ASSIGN(DiskSpeed speed, readFor(*file, folder, size));
  speed.file.clear();
  return speed;
}

} // namespace

Result<DiskSpeed> measureDisk(const std::string &folder,
                              const std::vector<WeightFile> &files) {
  constexpr uint64_t enough = uint64_t(16) << 20;
  auto largest = std::ranges::max_element(files, {}, &WeightFile::bytes);
  if (largest == files.end() || largest->bytes < enough)
    return readTemporary(folder);
  Descriptor file(::open(largest->path.c_str(), O_RDONLY | O_CLOEXEC));
  if (*file < 0)
    return failure(ErrorCode::FileUnreadable, largest->path, "cannot open");
  return readFor(*file, largest->path, largest->bytes);
}

Result<double> measureMemory(uint32_t threads) {
  // Of each thread: more than its part of any cache that is common today, but
  // a GiB in all.
  constexpr uint64_t step = uint64_t(1) << 20, all = uint64_t(1) << 30;
  uint64_t perThread =
      std::clamp<uint64_t>(all / threads / step, 8, 64) * step;
  DS_ASSIGN(rt::Memory memory, rt::Memory::allocate(perThread * threads));
  rt::ThreadPool pool(threads);
  std::atomic<uint64_t> bytes = 0, result = 0;
  Clock::time_point begin;
  pool.run([&](uint32_t worker, uint32_t) {
    auto *words =
        reinterpret_cast<uint64_t *>(memory.data() + worker * perThread);
    std::memset(words, int(worker + 1), perThread);
    pool.barrier().wait();
    if (worker == 0)
      begin = Clock::now();
    pool.barrier().wait();
    uint64_t done = 0, sums[8] = {};
    for (uint64_t at = 0; secondsSince(begin) < kMemorySeconds;
         at = (at + step) % perThread) {
      const uint64_t *piece = words + at / sizeof(uint64_t);
      for (uint64_t i = 0; i < step / sizeof(uint64_t); i += 8)
        for (uint64_t j = 0; j < 8; ++j)
          sums[j] += piece[i + j];
      done += step;
    }
    for (uint64_t sum : sums)
      result += sum; // so that the reads are not left out
    bytes += done;
  });
  return double(bytes) / secondsSince(begin);
}

} // namespace ds
