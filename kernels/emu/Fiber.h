// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A flow of control of its own stack, for one emulated CUDA thread.
#pragma once
#include <cstddef>

namespace ds::emu {

/// Bytes of a stack, above one page that faults. Sanitized frames are larger.
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define DS_EMU_ASAN 1
#endif
#endif
#ifdef DS_EMU_ASAN
constexpr size_t kStackBytes = 512 * 1024;
#else
constexpr size_t kStackBytes = 128 * 1024;
#endif

/// Either the stack that called launch() or one made by create(). Fibers stay
/// on the OS thread that made them and are used for many blocks.
class Fiber {
public:
  Fiber() = default;
  Fiber(const Fiber &) = delete;
  Fiber &operator=(const Fiber &) = delete;
  ~Fiber();

  /// Makes a stack; stacks of neighbours begin at different cache sets, so
  /// that the hot frames of a warp's lanes stay in the first-level cache.
  void create(size_t number);
  /// The next switch to this fiber begins `entry`, which must not return.
  void prepare(void (*entry)());
  /// Makes this the fiber of the calling stack.
  void adopt();
  /// Leaves the running fiber, which is this one, for `to`; returns when
  /// something switches back, which never happens after `forGood`.
  void switchTo(Fiber &to, bool forGood = false);
  /// Tells sanitizers that `other` is left for good, and that what it did
  /// happened before what follows in the running fiber, which is this one.
  void join(Fiber &other);
  /// Whether `address` is below the stack, where it overflows into.
  bool isGuard(const void *address) const;
  /// The first thing that `entry` does.
  static void entered();

private:
  void *stackPointer = nullptr;
  char *mapping = nullptr; // guard page, then the stack
  char *top = nullptr;     // where the first frame begins
  // For sanitizers.
  bool abandoned = false;
  const void *bottom = nullptr;
  size_t bytes = 0;
  void *fakeStack = nullptr;
  [[maybe_unused]] void *tsan = nullptr;
};

} // namespace ds::emu
