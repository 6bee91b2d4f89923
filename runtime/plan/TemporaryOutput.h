// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The one way to write a file: beside its place, then into it.
#pragma once
#include "runtime/base/Status.h"
#include <atomic>
#include <cstdint>
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

/// A finished file that only an output still to come refers to. Unless that is
/// put in place, it goes away with this object, or at a signal. The output is
/// locked all the while, so that no other process comes to refer to the file.
class Companion {
public:
  Companion() = default;
  Companion(const Companion &) = delete;
  ~Companion();

  /// As file.place(). Where a file has the name already, an older output may
  /// refer to it: the new one stays. Once.
  Status place(TemporaryOutput &file);

private:
  std::string path_; // empty: stays
};

/// What lock() would refuse as no place for an output: OutputKind, and
/// OutputCreate where the folder is missing or not writable.
Status checkOutput(const std::string &path);

/// Removes the temporary file of an output that is under way and its companion,
/// for signal handlers: async-signal-safe. Whether the output is still what it
/// was before: false once the last one has been put in place.
bool removePendingOutput() noexcept;

} // namespace ds::rt
