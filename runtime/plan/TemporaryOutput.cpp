// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/plan/TemporaryOutput.h"
#include "runtime/base/SignalsBlocked.h"
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include <utility>

namespace ds::rt {
namespace {

std::atomic<const char *> pending[2] = {};
std::atomic<const char *> companion{nullptr};
std::atomic<bool> isPlaced{false}; // the last output has its name

Error outputError(ErrorCode code, const std::string &path,
                  std::string subject) {
  return {.code = code, .file = path, .subject = std::move(subject)};
}

std::string reason() { return std::string(": ") + std::strerror(errno); }

std::string folderOf(const std::string &path) {
  size_t slash = path.rfind('/');
  return slash == path.npos ? "." : path.substr(0, slash + 1);
}

/// " by process N" for the holder of a lock on the file; empty where the system
/// does not tell. Lines of /proc/locks: `1: FLOCK ADVISORY WRITE PID
/// MAJOR:MINOR:INODE 0 EOF`, the numbers of the device hexadecimal.
std::string ownerOf(const struct stat &file) {
  char place[64];
  std::snprintf(place, sizeof place, " %02x:%02x:%llu ", major(file.st_dev),
                minor(file.st_dev), (unsigned long long)(file.st_ino));
  std::FILE *locks = std::fopen("/proc/locks", "re");
  if (!locks)
    return {};
  std::string owner;
  char line[256];
  while (owner.empty() && std::fgets(line, sizeof line, locks)) {
    int process = 0;
    if (std::strstr(line, place) &&
        std::sscanf(line, "%*d: FLOCK %*s %*s %d", &process) == 1 &&
        process > 0)
      owner = " by process " + std::to_string(process);
  }
  std::fclose(locks);
  return owner;
}

Error cannotCreate(const std::string &output) {
  return outputError(ErrorCode::OutputCreate, output,
                     "cannot create temporary file in " + folderOf(output) +
                         reason());
}

} // namespace

TemporaryOutput::TemporaryOutput(const std::string &output)
    : output_(output), path_(output + ".dsc-tmp") {}

TemporaryOutput::~TemporaryOutput() {
  SignalsBlocked blocked;
  if (pending_) {
    ::unlink(path_.c_str());
    *pending_ = nullptr;
  }
  if (descriptor_ >= 0)
    ::close(descriptor_);
}

/// The file of that name, which is made where there is none.
Status TemporaryOutput::open() {
  constexpr int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
  bool isNew = true;
  descriptor_ = ::open(path_.c_str(), flags | O_CREAT | O_EXCL, 0666);
  if (descriptor_ < 0 && errno == EEXIST) {
    isNew = false; // unless it goes away just now
    descriptor_ = ::open(path_.c_str(), flags | O_CREAT, 0666);
  }
  struct stat opened;
  if (descriptor_ < 0 || ::fstat(descriptor_, &opened) != 0)
    return cannotCreate(output_);
  if (!S_ISREG(opened.st_mode))
    return outputError(ErrorCode::OutputCreate, output_,
                       path_ + " is in the way");
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0)
    return {};
  if (errno == EWOULDBLOCK)
    return outputError(ErrorCode::OutputLocked, output_,
                       "locked" + ownerOf(opened));
  Error error = outputError(ErrorCode::OutputCreate, output_,
                            "cannot lock temporary file" + reason());
  if (isNew)
    ::unlink(path_.c_str());
  return error;
}

Status TemporaryOutput::lock() {
  DS_TRY(checkOutput(output_));
  SignalsBlocked blocked;
  isPlaced = false;
  for (;;) {
    DS_TRY(open());
    // The file may have been renamed to the output before it was locked.
    struct stat opened, named;
    if (::fstat(descriptor_, &opened) == 0 &&
        ::stat(path_.c_str(), &named) == 0 && named.st_dev == opened.st_dev &&
        named.st_ino == opened.st_ino)
      break;
    ::close(descriptor_);
  }
  pending_ = &pending[pending[0] ? 1 : 0];
  *pending_ = path_.c_str();
  if (::ftruncate(descriptor_, 0) != 0)
    return outputError(ErrorCode::OutputWrite, output_,
                       "cannot empty the temporary file" + reason());
  return {};
}

Status TemporaryOutput::reserve(uint64_t bytes) {
  int failure;
  do
    failure = ::posix_fallocate(descriptor_, 0, off_t(bytes));
  while (failure == EINTR);
  if (!failure || failure == EOPNOTSUPP || failure == EINVAL)
    return {};
  struct statvfs disk;
  bool isKnown = ::fstatvfs(descriptor_, &disk) == 0;
  errno = failure;
  Error error = outputError(ErrorCode::OutputSpace, output_,
                            "cannot reserve space" + reason());
  if (isKnown && failure == ENOSPC) {
    error.found = std::to_string(uint64_t(disk.f_bavail) * disk.f_frsize) +
                  " bytes free";
    error.expected = std::to_string(bytes);
  }
  return error;
}

Status TemporaryOutput::writeAt(uint64_t offset,
                                std::span<const uint8_t> bytes) {
  for (size_t at = 0; at < bytes.size();) {
    ssize_t put = ::pwrite(descriptor_, bytes.data() + at, bytes.size() - at,
                           off_t(offset + at));
    if (put < 0 && errno == EINTR)
      continue;
    if (put <= 0)
      return outputError(ErrorCode::OutputWrite, output_,
                         "write failed at byte " +
                             std::to_string(offset + at) + reason());
    at += size_t(put);
  }
  return {};
}

Status TemporaryOutput::sync() {
  if (::fsync(descriptor_) != 0)
    return outputError(ErrorCode::OutputSync, output_,
                       "cannot sync the temporary file" + reason());
  return {};
}

Status TemporaryOutput::place() {
  {
    SignalsBlocked blocked;
    if (::rename(path_.c_str(), output_.c_str()) != 0)
      return outputError(ErrorCode::OutputRename, output_,
                         "cannot rename the temporary file" + reason());
    isPlaced = true;
    *std::exchange(pending_, nullptr) = nullptr;
  }
  int folder =
      ::open(folderOf(output_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  int failure = folder < 0 || ::fsync(folder) != 0 ? errno : 0;
  if (folder >= 0)
    ::close(folder);
  errno = failure;
  if (failure)
    return outputError(ErrorCode::OutputFolderSync, output_,
                       "written, but its folder cannot be synced" + reason());
  return {};
}

Status Companion::create(const std::string &path) {
  return file_.emplace(path).lock();
}

Status Companion::place() {
  SignalsBlocked blocked;
  bool isNew = ::access(file_->output().c_str(), F_OK) != 0;
  Status placed = file_->place();
  if (isPlaced && isNew) {
    path_ = file_->output();
    companion = path_.c_str();
  }
  isPlaced = false; // the output itself is to come
  return placed;
}

Companion::~Companion() {
  SignalsBlocked blocked;
  if (!path_.empty() && !isPlaced)
    ::unlink(path_.c_str());
  companion = nullptr;
}

Status checkOutput(const std::string &path) {
  struct stat info;
  if (::stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode)) {
    Error error = outputError(ErrorCode::OutputKind, path, "output");
    error.found = S_ISDIR(info.st_mode) ? "a folder" : "a device or FIFO";
    error.expected = "the path of a regular file";
    return error;
  }
  if (::faccessat(AT_FDCWD, folderOf(path).c_str(), W_OK | X_OK, AT_EACCESS))
    return cannotCreate(path);
  return Status::ok();
}

bool removePendingOutput() noexcept {
  const char *beside = companion.exchange(nullptr);
  if (beside && !isPlaced)
    ::unlink(beside);
  // The output's own file last: with it goes its lock.
  for (std::atomic<const char *> *each : {&pending[1], &pending[0]})
    if (const char *path = each->exchange(nullptr))
      ::unlink(path);
  return !isPlaced;
}

} // namespace ds::rt
