// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// SIGINT and SIGTERM: the first stops the answer, a second one while it still
// runs ends the process.
#pragma once
#include <atomic>

namespace ds::dsrun {

class Interrupt {
public:
  static void install();
  /// Becomes true with the first signal.
  static const std::atomic<bool> &flag();
  /// Waits until a read of `descriptor` does not block. False once a signal has
  /// come, even just before: a read alone would sleep through that one.
  static bool waitToRead(int descriptor);
  /// The signal that came last, 0 for none.
  static int signal();
  /// Forgets the signal; the flag is false again.
  static void forget();
  /// What the second signal writes to standard output last; of static storage,
  /// null for nothing.
  static void setLastWords(const char *text);
  /// Sets the flag as a signal would, without one: output is lost.
  static void stop();
};

} // namespace ds::dsrun
