// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The only way a file of a checkpoint is opened. A name is one path component
// of the folder; a link may stay inside the folder or, in a hub cache, inside
// the repository's cache folder (`snapshots/REV/x -> ../../blobs/y`). Opening
// never blocks, and only regular files come out.
#pragma once
#include "runtime/base/Status.h"
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ds::checkpoint {

/// What tells whether a file is still the one that was read.
struct FileIdentity {
  uint64_t device = 0, inode = 0, size = 0;
  int64_t modified = 0; // nanoseconds
  bool operator==(const FileIdentity &) const = default;
};

/// An open regular file; owns its descriptor.
class InputFile {
public:
  InputFile(int descriptor, std::string path, FileIdentity identity)
      : descriptor_(descriptor), path_(std::move(path)), identity_(identity) {}
  InputFile(InputFile &&other) noexcept;
  InputFile &operator=(InputFile &&other) noexcept;
  ~InputFile();

  /// As the user named the folder, with the file's name.
  const std::string &path() const { return path_; }
  const FileIdentity &identity() const { return identity_; }
  uint64_t size() const { return identity_.size; }

  /// Exactly `bytes` bytes from `offset`; fewer is FileUnreadable.
  Status read(uint64_t offset, void *to, uint64_t bytes) const;
  /// The whole file; FileTooLarge above `limit`, before anything is allocated.
  Result<std::string> readAll(uint64_t limit) const;

private:
  int descriptor_;
  std::string path_;
  FileIdentity identity_;
};

/// Whether links are followed as far as they stay inside, or refused: symbolic
/// ones, and files that have another name as well.
enum class Links { Follow, Refuse };

/// Who resolves a name: openat2 of the kernel, or our own check of the real
/// path (kernels without openat2).
enum class Resolution { Kernel, Ours };

/// An open folder; owns its descriptors.
class InputFolder {
public:
  /// FolderUnreadable when `path` is no folder.
  static Result<InputFolder> open(const std::string &path,
                                  Links links = Links::Follow);
  InputFolder(InputFolder &&other) noexcept;
  ~InputFolder();

  const std::string &path() const { return path_; }
  /// None when there is no such name; NotRegularFile, LinkLeavesFolder,
  /// LinkRefused, FileUnreadable otherwise. `name` is one path component.
  Result<std::optional<InputFile>>
  tryOpen(const std::string &name,
          Resolution resolution = Resolution::Kernel) const;
  /// As tryOpen, and FileMissing when there is no such name.
  Result<InputFile> openFile(const std::string &name) const;
  /// Names in the folder, sorted.
  Result<std::vector<std::string>> names() const;

private:
  InputFolder() = default;
  std::string path_;     // as the user named it
  int descriptor_ = -1;  // of path_
  std::string rootPath_; // links may lead to anything below; real path
  std::string fromRoot_; // path_ relative to rootPath_, "" or "a/b/"
  int rootDescriptor_ = -1;
  Links links_ = Links::Follow;
};

/// Where a model is: its folder and the name of its config file.
struct ModelLocation {
  std::string folder, configName;
};
/// `path` is a folder (config.json) or a config file.
Result<ModelLocation> locateModel(const std::string &path);

/// A name that can only mean a file of the folder and shows as what it is: one
/// component of UTF-8 without control or hidden characters, not "", "." or
/// "..".
bool isPlainName(std::string_view name);

} // namespace ds::checkpoint
