// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/checkpoint/OpenFile.h"
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <filesystem>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace ds::checkpoint {
namespace {

constexpr int kOpenFlags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;

std::string join(const std::string &folder, const std::string &name) {
  return folder.empty() || folder.ends_with('/') ? folder + name
                                                 : folder + "/" + name;
}

Error unreadable(const std::string &path, int number) {
  return {.code = ErrorCode::FileUnreadable,
          .file = path,
          .subject = std::string("cannot open: ") + std::strerror(number)};
}

Error notRegular(const std::string &path, mode_t mode) {
  const char *kind = S_ISFIFO(mode)   ? "FIFO"
                     : S_ISDIR(mode)  ? "directory"
                     : S_ISSOCK(mode) ? "socket"
                                      : "device";
  return {.code = ErrorCode::NotRegularFile,
          .file = path,
          .found = kind,
          .expected = "regular file"};
}

/// What --strict-files refuses in a file that was opened as `named`.
Status checkLinks(const std::string &path, const struct stat &named,
                  const struct stat &opened) {
  bool isLink = S_ISLNK(named.st_mode) || named.st_dev != opened.st_dev ||
                named.st_ino != opened.st_ino;
  if (isLink)
    return Error{.code = ErrorCode::LinkRefused,
                 .file = path,
                 .found = "a link",
                 .expected = "a file (--strict-files)"};
  if (opened.st_nlink != 1)
    return Error{.code = ErrorCode::LinkRefused,
                 .file = path,
                 .subject = "link count",
                 .found = std::to_string(opened.st_nlink),
                 .expected = "1 (--strict-files)"};
  return Status::ok();
}

int openBeneath(int folder, const char *path) {
  struct open_how how = {};
  how.flags = kOpenFlags;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  long descriptor = -1;
  // EAGAIN: a rename elsewhere raced with "..".
  for (int attempt = 0; attempt < 16; ++attempt) {
    descriptor = syscall(SYS_openat2, folder, path, &how, sizeof how);
    if (descriptor >= 0 || (errno != EAGAIN && errno != EINTR))
      break;
  }
  return int(descriptor);
}

/// Without openat2: the real path must lie under `root` and is opened without
/// following a last link; the inode opened must be the one the name means.
int openChecked(const std::string &root, const std::string &path) {
  std::error_code code;
  std::string real = std::filesystem::canonical(path, code).string();
  if (code) {
    errno = code.value();
    return -1;
  }
  if (!real.starts_with(root == "/" ? root : root + "/")) {
    errno = EXDEV;
    return -1;
  }
  int descriptor = ::open(real.c_str(), kOpenFlags | O_NOFOLLOW);
  if (descriptor < 0)
    return -1;
  struct stat opened, named;
  if (fstat(descriptor, &opened) || stat(path.c_str(), &named) ||
      opened.st_dev != named.st_dev || opened.st_ino != named.st_ino) {
    close(descriptor);
    errno = EXDEV;
    return -1;
  }
  return descriptor;
}

/// The repository's cache folder when `folder` lies in a hub cache: the parent
/// of the nearest `snapshots` that has a sibling `blobs`. Otherwise `folder`.
std::filesystem::path linkRoot(const std::filesystem::path &folder) {
  namespace fs = std::filesystem;
  for (fs::path at = folder; at != at.root_path(); at = at.parent_path()) {
    std::error_code code;
    if (at.filename() == "snapshots" && at != folder &&
        fs::is_directory(at.parent_path() / "blobs", code))
      return at.parent_path();
  }
  return folder;
}

} // namespace

InputFile::InputFile(InputFile &&other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      path_(std::move(other.path_)), identity_(other.identity_) {}
InputFile &InputFile::operator=(InputFile &&other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  path_ = std::move(other.path_);
  identity_ = other.identity_;
  return *this;
}
InputFile::~InputFile() {
  if (descriptor_ >= 0)
    close(descriptor_);
}

Status InputFile::read(uint64_t offset, void *to, uint64_t bytes) const {
  char *at = static_cast<char *>(to);
  while (bytes) {
    // One call moves at most 2 GiB.
    ssize_t count = pread(descriptor_, at, std::min<uint64_t>(bytes, 1u << 30),
                          off_t(offset));
    if (count < 0 && errno == EINTR)
      continue;
    if (count <= 0)
      return Error{.code = ErrorCode::FileUnreadable,
                   .file = path_,
                   .subject = "read failed at byte " + std::to_string(offset) +
                              ": " +
                              (count ? std::strerror(errno) : "end of file")};
    at += count, offset += uint64_t(count), bytes -= uint64_t(count);
  }
  return Status::ok();
}

Result<std::string> InputFile::readAll(uint64_t limit) const {
  if (size() > limit)
    return Error{.code = ErrorCode::FileTooLarge,
                 .file = path_,
                 .subject = "size",
                 .found = std::to_string(size()),
                 .expected = "at most " + std::to_string(limit) + " bytes"};
  std::string text(size(), '\0');
  DS_TRY(read(0, text.data(), text.size()));
  return text;
}

InputFolder::InputFolder(InputFolder &&other) noexcept
    : path_(std::move(other.path_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      rootPath_(std::move(other.rootPath_)),
      fromRoot_(std::move(other.fromRoot_)),
      rootDescriptor_(std::exchange(other.rootDescriptor_, -1)),
      links_(other.links_) {}
InputFolder::~InputFolder() {
  if (descriptor_ >= 0)
    close(descriptor_);
  if (rootDescriptor_ >= 0)
    close(rootDescriptor_);
}

Result<InputFolder> InputFolder::open(const std::string &path, Links links) {
  InputFolder folder;
  folder.path_ = path;
  folder.links_ = links;
  constexpr int flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
  folder.descriptor_ = ::open(path.c_str(), flags);
  std::error_code code;
  std::filesystem::path real;
  if (folder.descriptor_ >= 0)
    real = std::filesystem::canonical(path, code);
  if (folder.descriptor_ < 0 || code)
    return Error{.code = ErrorCode::FolderUnreadable,
                 .file = path,
                 .subject = std::string("cannot open model folder: ") +
                            std::strerror(code ? code.value() : errno)};
  std::filesystem::path root = linkRoot(real);
  folder.rootPath_ = root.string();
  if (root != real)
    folder.fromRoot_ = real.lexically_relative(root).string() + "/";
  folder.rootDescriptor_ = ::open(root.c_str(), flags);
  if (folder.rootDescriptor_ < 0)
    return Error{.code = ErrorCode::FolderUnreadable,
                 .file = path,
                 .subject = std::string("cannot open the cache folder: ") +
                            std::strerror(errno)};
  return folder;
}

Result<std::optional<InputFile>>
InputFolder::tryOpen(const std::string &name, Resolution resolution) const {
  std::string path = join(path_, name);
  int descriptor = -1;
  bool ours = resolution == Resolution::Ours;
  if (!ours) {
    descriptor = openBeneath(rootDescriptor_, (fromRoot_ + name).c_str());
    // Old kernels and strict system-call filters.
    ours = descriptor < 0 && (errno == ENOSYS || errno == EPERM);
  }
  if (ours)
    descriptor = openChecked(rootPath_, join(rootPath_, fromRoot_ + name));
  if (descriptor < 0) {
    int number = errno;
    struct stat named;
    if (number == ENOENT &&
        fstatat(descriptor_, name.c_str(), &named, AT_SYMLINK_NOFOLLOW))
      return std::optional<InputFile>();
    if (number == EXDEV || number == ELOOP) {
      char target[4096];
      ssize_t length =
          readlinkat(descriptor_, name.c_str(), target, sizeof target);
      return Error{
          .code = ErrorCode::LinkLeavesFolder,
          .file = path,
          .subject = "link leaves the model folder: target " +
                     std::string(target, size_t(std::max<ssize_t>(length, 0)))};
    }
    if (number == ENXIO && !fstatat(descriptor_, name.c_str(), &named, 0))
      return notRegular(path, named.st_mode); // a socket
    return unreadable(path, number);
  }
  struct stat status;
  if (fstat(descriptor, &status)) {
    int number = errno;
    close(descriptor);
    return unreadable(path, number);
  }
  FileIdentity identity{uint64_t(status.st_dev), uint64_t(status.st_ino),
                        uint64_t(status.st_size),
                        int64_t(status.st_mtim.tv_sec) * 1000000000 +
                            status.st_mtim.tv_nsec};
  InputFile file(descriptor, path, identity);
  if (!S_ISREG(status.st_mode))
    return notRegular(path, status.st_mode);
  struct stat named;
  if (links_ == Links::Refuse) {
    if (fstatat(descriptor_, name.c_str(), &named, AT_SYMLINK_NOFOLLOW))
      return unreadable(path, errno);
    DS_TRY(checkLinks(path, named, status));
  }
  return std::optional<InputFile>(std::move(file));
}

Result<InputFile> InputFolder::openFile(const std::string &name) const {
  DS_ASSIGN(std::optional<InputFile> file, tryOpen(name));
  if (!file)
    return Error{.code = ErrorCode::FileMissing,
                 .file = join(path_, name),
                 .subject = "not found, expected in a checkpoint folder"};
  return std::move(*file);
}

Result<std::vector<std::string>> InputFolder::names() const {
  int copy = openat(descriptor_, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *folder = copy < 0 ? nullptr : fdopendir(copy);
  if (!folder)
    return Error{.code = ErrorCode::FolderUnreadable,
                 .file = path_,
                 .subject = std::string("cannot list model folder: ") +
                            std::strerror(errno)};
  std::vector<std::string> names;
  while (struct dirent *entry = readdir(folder))
    names.emplace_back(entry->d_name);
  closedir(folder);
  std::sort(names.begin(), names.end());
  return names;
}

Result<ModelLocation> locateModel(const std::string &path) {
  struct stat status;
  if (stat(path.c_str(), &status))
    return Error{.code = ErrorCode::FolderUnreadable,
                 .file = path,
                 .subject = std::string("cannot open model folder: ") +
                            std::strerror(errno)};
  if (S_ISDIR(status.st_mode))
    return ModelLocation{path, "config.json"};
  std::filesystem::path file(path);
  std::string folder = file.parent_path().string();
  return ModelLocation{folder.empty() ? "." : folder, file.filename().string()};
}

bool isPlainName(std::string_view name) {
  if (name.empty() || name == "." || name == ".." || name.size() > 255)
    return false;
  return name.find_first_of("/\\") == name.npos &&
         printable(name, name.size()) == name;
}

} // namespace ds::checkpoint
