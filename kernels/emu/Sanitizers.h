// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What sanitizers are told of an emulated kernel. For ThreadSanitizer the
// emulation itself stays uninstrumented in a shared library of its own
// (DS_EMU_TSAN): its bookkeeping is shared by all threads of a block and would
// only drown the kernel's races. It reports what instructions do on behalf of
// a thread, and the happens-before edges that barriers make, by hand.
#pragma once
#include <cstddef>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#endif

#ifdef DS_EMU_TSAN
#include <sanitizer/tsan_interface.h>
extern "C" void __tsan_read_range(void *address, unsigned long bytes);
extern "C" void __tsan_write_range(void *address, unsigned long bytes);
extern "C" void AnnotateIgnoreWritesBegin(const char *file, int line);
extern "C" void AnnotateIgnoreWritesEnd(const char *file, int line);
#endif

namespace ds::emu {

/// While one lives, what the running thread does is the emulation's affair:
/// memcpy, malloc and free would be seen even in uninstrumented code. None is
/// nested in another, and fibers are switched inside one.
struct Quiet {
#ifdef DS_EMU_TSAN
  Quiet() { begin(); }
  ~Quiet() { end(); }
  static void begin() { AnnotateIgnoreWritesBegin(__FILE__, __LINE__); }
  static void end() { AnnotateIgnoreWritesEnd(__FILE__, __LINE__); }
#else
  Quiet() {} // a user-provided constructor: the variable counts as used
  static void begin() {}
  static void end() {}
#endif
};

/// What the running thread did before happens before what a thread does after
/// its next acquire() of the same object.
inline void release([[maybe_unused]] const void *object) {
#ifdef DS_EMU_TSAN
  __tsan_release(const_cast<void *>(object));
#endif
}
inline void acquire([[maybe_unused]] const void *object) {
#ifdef DS_EMU_TSAN
  __tsan_acquire(const_cast<void *>(object));
#endif
}
/// An access that an instruction makes in the name of the running thread; only
/// while it is quiet.
inline void noteRead([[maybe_unused]] const void *from,
                     [[maybe_unused]] size_t bytes) {
#ifdef DS_EMU_TSAN
  Quiet::end();
  __tsan_read_range(const_cast<void *>(from), bytes);
  Quiet::begin();
#endif
}
inline void noteWrite([[maybe_unused]] void *to,
                      [[maybe_unused]] size_t bytes) {
#ifdef DS_EMU_TSAN
  Quiet::end();
  __tsan_write_range(to, bytes);
  Quiet::begin();
#endif
}

} // namespace ds::emu
