// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/plan/AtomicOutput.h"
#include "runtime/plan/InputFile.h"
#include "runtime/plan/Verify.h"
#include "runtime/plan/WeightDigests.h"
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include <vector>

namespace ds::rt {
namespace {

constexpr uint64_t kPieceBytes = 8u << 20; // of DATA at a time

std::atomic<const char *> pending{nullptr};
std::atomic<bool> isPlaced{false}; // the last output has its name

/// No signal handler runs in this thread while one of these lives, so that a
/// change to the file system and what is remembered of it are one step.
class SignalsBlocked {
public:
  SignalsBlocked() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_BLOCK, &all, &before_);
  }
  SignalsBlocked(const SignalsBlocked &) = delete;
  ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

private:
  sigset_t before_;
};

Error outputError(ErrorCode code, const std::string &path,
                  std::string subject) {
  return {.code = code,
          .file = path,
          .where = {},
          .subject = std::move(subject),
          .found = {},
          .expected = {},
          .notes = {},
          .help = {}};
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

/// "section TOKN", "header and section table": where a byte of a plan lies.
std::string placeOf(std::span<const uint8_t> plan, uint64_t byte) {
  PlanHeader header{};
  std::memcpy(&header, plan.data(), std::min(plan.size(), sizeof header));
  std::string place = "header and section table";
  for (size_t i = 0, at = sizeof header;
       i < header.sections && at + sizeof(SectionEntry) <= plan.size();
       ++i, at += sizeof(SectionEntry)) {
    SectionEntry entry;
    std::memcpy(&entry, plan.data() + at, sizeof entry);
    if (entry.offset <= byte)
      place = "section " + std::string(entry.tag, sizeof entry.tag);
  }
  return place;
}

/// The temporary file. It is its own lock: who holds the lock of the file that
/// has the name may write it, so a dead owner's file is simply taken over.
class Temporary {
public:
  explicit Temporary(const std::string &output)
      : output_(output), path_(output + ".dsc-tmp") {}
  Temporary(const Temporary &) = delete;
  ~Temporary() {
    SignalsBlocked blocked;
    if (isOurs_)
      ::unlink(path_.c_str());
    pending = nullptr;
    if (descriptor_ >= 0)
      ::close(descriptor_);
  }

  Status lock() {
    SignalsBlocked blocked;
    isPlaced = false;
    for (;;) {
      descriptor_ =
          ::open(path_.c_str(),
                 O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666);
      struct stat opened, named;
      if (descriptor_ < 0 || ::fstat(descriptor_, &opened) != 0)
        return cannotCreate(output_);
      if (!S_ISREG(opened.st_mode))
        return outputError(ErrorCode::OutputCreate, output_,
                           path_ + " is in the way");
      if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0)
        return outputError(ErrorCode::OutputLocked, output_,
                           "locked" + ownerOf(opened));
      // The file may have been renamed to the output before it was locked.
      if (::stat(path_.c_str(), &named) == 0 && named.st_dev == opened.st_dev &&
          named.st_ino == opened.st_ino)
        break;
      ::close(descriptor_);
    }
    isOurs_ = true;
    pending = path_.c_str();
    return {};
  }

  Status write(std::span<const uint8_t> plan, PlanData *data) {
    if (::ftruncate(descriptor_, 0) != 0)
      return outputError(ErrorCode::OutputWrite, output_,
                         "cannot empty the temporary file" + reason());
    DS_TRY(reserve(plan.size() + (data ? data->size() : 0)));
    DS_TRY(writeAt(0, plan));
    std::vector<uint8_t> piece;
    for (uint64_t at = 0; data && at < data->size(); at += piece.size()) {
      piece.resize(std::min(kPieceBytes, data->size() - at));
      DS_TRY(data->read(at, piece));
      DS_TRY(writeAt(plan.size() + at, piece));
    }
    if (::fsync(descriptor_) != 0)
      return outputError(ErrorCode::OutputSync, output_,
                         "cannot sync the temporary file" + reason());
    return {};
  }

  Status readBack(std::span<const uint8_t> bytes, PlanData *data,
                  bool isPlan) {
    DS_ASSIGN(InputFile file,
              InputFile::open(path_, ErrorCode::OutputReadBack));
    std::vector<uint8_t> found(data ? bytes.size() : file.size());
    DS_TRY(file.readAt(0, found.data(), found.size()));
    auto differs = std::ranges::mismatch(found, bytes);
    if (differs.in1 != found.end() || differs.in2 != bytes.end()) {
      auto byte = uint64_t(differs.in2 - bytes.begin());
      return outputError(ErrorCode::OutputReadBack, output_,
                         "verification after write failed in " +
                             (isPlan ? placeOf(bytes, byte) + ", " : "") +
                             "byte " + std::to_string(byte));
    }
    return isPlan ? selfCheck(found, file, data) : Status::ok();
  }

  Status place() {
    {
      SignalsBlocked blocked;
      if (::rename(path_.c_str(), output_.c_str()) != 0)
        return outputError(ErrorCode::OutputRename, output_,
                           "cannot rename the temporary file" + reason());
      isOurs_ = false;
      isPlaced = true;
      pending = nullptr;
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

private:
  /// `file` holds the plan's DATA, `plan` all before it.
  Status selfCheck(std::span<const uint8_t> plan, const InputFile &file,
                   const PlanData *data) const {
    Result<PlanView> view = verifyPlan(plan, output_, file.size());
    if (!view)
      return with(outputError(ErrorCode::PlanSelfCheck, output_,
                              "the plan that was made does not verify"),
                  view.takeStatus());
    if (!data)
      return {};
    Status weights = verifyWeightDigests(
        *view, output_, WeightsToVerify::Carried,
        [&](const WeightRecord &weight, Sha256 &sha) -> Status {
          std::vector<uint8_t> piece;
          for (uint64_t at = 0; at < weight.size; at += piece.size()) {
            piece.resize(std::min(kPieceBytes, weight.size - at));
            DS_TRY(file.readAt(view->dataOffset + weight.offset + at,
                               piece.data(), piece.size()));
            sha.update(piece.data(), piece.size());
          }
          return {};
        });
    if (!weights)
      return with(outputError(ErrorCode::OutputReadBack, output_,
                              "verification after write failed: other weights "
                              "came back"),
                  std::move(weights));
    return {};
  }

  /// Fails early on a full disk; some file systems cannot reserve.
  Status reserve(uint64_t bytes) {
    int failure = ::posix_fallocate(descriptor_, 0, off_t(bytes));
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

  Status writeAt(uint64_t offset, std::span<const uint8_t> bytes) {
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

  static Error with(Error error, const Status &why) {
    for (const Error &wrong : why.errors())
      error.notes.push_back(wrong.message());
    return error;
  }

  std::string output_, path_;
  int descriptor_ = -1;
  bool isOurs_ = false; // the name is taken, and by this writer
};

Status replace(const std::string &path, std::span<const uint8_t> bytes,
               PlanData *data, bool isPlan) {
  DS_TRY(checkOutput(path));
  Temporary temporary(path);
  DS_TRY(temporary.lock());
  DS_TRY(temporary.write(bytes, data));
  DS_TRY(temporary.readBack(bytes, data, isPlan));
  return temporary.place();
}

} // namespace

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

Status writeAtomically(const std::string &path, std::span<const uint8_t> plan,
                       PlanData *data) {
  return replace(path, plan, data, true);
}

Status writeTextAtomically(const std::string &path, std::string_view text) {
  return replace(
      path, {reinterpret_cast<const uint8_t *>(text.data()), text.size()},
      nullptr, false);
}

bool removePendingOutput() noexcept {
  if (const char *path = pending.exchange(nullptr))
    ::unlink(path);
  return !isPlaced;
}

} // namespace ds::rt
