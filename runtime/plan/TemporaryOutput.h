// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The one way to write a file: beside its place, then into it.
#pragma once
#include "runtime/base/Status.h"
#include <atomic>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace ds::rt {

/// `OUTPUT.dsc-tmp`, a file that takes the name of the output in one step or
/// goes away with this object. It is its own lock: who holds the lock of the
/// file that has the name may write it, so a dead owner's file is simply taken
/// over. Two at a time in a process: an output and one that it refers to. Errors:
/// OutputKind (2), the other Output… (5).
class TemporaryOutput {
public:
  explicit TemporaryOutput(const std::string &output);
  TemporaryOutput(const TemporaryOutput &) = delete;
  ~TemporaryOutput();

  /// Before all else: checkOutput(), then makes the file, empty. OutputLocked
  /// where another process writes the same output.
  Status lock();
  /// Fails early on a full disk; some file systems cannot reserve.
  Status reserve(uint64_t bytes);
  Status writeAt(uint64_t offset, std::span<const uint8_t> bytes);
  Status sync();
  /// Last: the output has the new bytes, and its folder is synced.
  Status place();

  const std::string &path() const { return path_; }
  const std::string &output() const { return output_; }

private:
  Status open();

  std::string output_, path_;
  int descriptor_ = -1;
  // Set while the name is taken by this writer: the place of its path among
  // those that a signal removes.
  std::atomic<const char *> *pending_ = nullptr;
};

/// A file that only an output still to come needs. That output is locked before
/// this one is made and until it has gone or the output is in place, so that no
/// other process comes to refer to it.
class Companion {
public:
  Companion() = default;
  Companion(const Companion &) = delete;
  ~Companion();

  /// Makes the file, empty. Errors: those of TemporaryOutput::lock(). Once.
  Status create(const std::string &path);
  /// From create() on. Without place() it goes away with this object.
  TemporaryOutput &file() { return *file_; }
  /// The output refers to the file, which takes its name. Unless the output is
  /// put in place, it goes away with this object, or at a signal; but where a
  /// file has the name already, an older output may refer to it: the new one
  /// stays.
  Status place();

private:
  std::optional<TemporaryOutput> file_;
  std::string path_; // once placed, unless it stays
};

/// What lock() would refuse as no place for an output: OutputKind, and
/// OutputCreate where the folder is missing or not writable.
Status checkOutput(const std::string &path);

/// Removes the temporary file of an output that is under way and its companion,
/// for signal handlers: async-signal-safe. Whether the output is still what it
/// was before: false once the last one has been put in place.
bool removePendingOutput() noexcept;

} // namespace ds::rt
