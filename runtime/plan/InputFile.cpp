// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/plan/InputFile.h"
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ds::rt {
namespace {

Error unreadableFile(ErrorCode code, const std::string &path,
                     std::string subject, std::string found = {},
                     std::string expected = {}) {
  return {.code = code,
          .file = path,
          .subject = std::move(subject),
          .found = std::move(found),
          .expected = std::move(expected)};
}

const char *kindOf(mode_t mode) {
  if (S_ISDIR(mode))
    return "a folder";
  if (S_ISFIFO(mode))
    return "a FIFO";
  return S_ISSOCK(mode) ? "a socket" : "a device";
}

} // namespace

Result<InputFile> InputFile::open(const std::string &path,
                                  ErrorCode unreadable) {
  InputFile file(path, unreadable);
  file.descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  struct stat info;
  if (file.descriptor_ < 0 || ::fstat(file.descriptor_, &info) != 0)
    return unreadableFile(unreadable, path,
                          std::string("cannot open: ") + std::strerror(errno));
  if (!S_ISREG(info.st_mode))
    return unreadableFile(unreadable, path, "", kindOf(info.st_mode),
                          "a regular file");
  file.size_ = uint64_t(info.st_size);
  return file;
}

InputFile::InputFile(InputFile &&other) noexcept
    : path_(std::move(other.path_)), unreadable_(other.unreadable_),
      descriptor_(std::exchange(other.descriptor_, -1)), size_(other.size_) {}

InputFile::~InputFile() {
  if (descriptor_ >= 0)
    ::close(descriptor_);
}

Status InputFile::readAt(uint64_t offset, void *to, size_t bytes) const {
  auto *at = static_cast<char *>(to);
  while (bytes) {
    ssize_t got = ::pread(descriptor_, at, bytes, off_t(offset));
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      return unreadableFile(unreadable_, path_,
                            "read failed at byte " + std::to_string(offset) +
                                ": " +
                                (got ? std::strerror(errno) : "end of file"));
    at += got, offset += uint64_t(got), bytes -= size_t(got);
  }
  return {};
}

} // namespace ds::rt
