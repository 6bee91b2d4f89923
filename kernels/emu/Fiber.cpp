// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernels/emu/Fiber.h"
#include "kernels/emu/Sanitizers.h"
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <pthread.h>
#include <sys/mman.h>

#ifndef __x86_64__
#error "the emulation switches stacks on x86-64 only"
#endif

// ds_emu_switch(void **save, void *load): keeps the callee-saved registers of
// the System V ABI; kernels leave the floating-point control words alone. A
// jump is predicted by where it went last, mostly the same place in the next
// lane; a return would be predicted by this lane's calls, always wrongly.
asm(R"(.text
.hidden ds_emu_switch
.globl ds_emu_switch
.type ds_emu_switch,@function
ds_emu_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  popq %rcx
  jmp *%rcx
.size ds_emu_switch,.-ds_emu_switch
)");
extern "C" void ds_emu_switch(void **save, void *load);

#ifdef DS_EMU_ASAN
// A second stack for each of a thousand fibers is slow and finds no more.
extern "C" __attribute__((visibility("default"), used,
                          no_sanitize("address", "undefined"))) const char *
__asan_default_options() {
  return "detect_stack_use_after_return=0";
}
#endif

namespace ds::emu {

constexpr size_t kGuardBytes = 4096;

Fiber::~Fiber() {
#ifdef DS_EMU_TSAN
  if (mapping && tsan)
    __tsan_destroy_fiber(tsan);
#endif
  if (mapping)
    munmap(mapping, kGuardBytes + kStackBytes);
}

void Fiber::create(size_t number) {
  void *memory =
      mmap(nullptr, kGuardBytes + kStackBytes, PROT_READ | PROT_WRITE,
           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED || mprotect(memory, kGuardBytes, PROT_NONE) != 0) {
    std::fputs("emulation: no memory for the stacks of a block\n", stderr);
    std::abort();
  }
  mapping = static_cast<char *>(memory);
  bottom = mapping + kGuardBytes;
  bytes = kStackBytes;
  // 64 sets of 64 bytes: lanes begin 9 lines apart.
  top = mapping + kGuardBytes + kStackBytes - 64 - number % 64 * 9 * 64;
#ifdef DS_EMU_TSAN
  tsan = __tsan_create_fiber(0);
#endif
}

void Fiber::prepare(void (*entry)()) {
#ifdef DS_EMU_ASAN
  // Frames that the last block left standing: all of an abandoned fiber, those
  // of its entry otherwise.
  char *lowest = abandoned ? mapping + kGuardBytes : top - 4096;
  ASAN_UNPOISON_MEMORY_REGION(lowest,
                              mapping + kGuardBytes + kStackBytes - lowest);
  abandoned = false;
#endif
  // `entry` finds the stack as after a call: 8 below a multiple of 16.
  auto *frame = reinterpret_cast<uintptr_t *>(top);
  *--frame = 0; // return address of entry
  *--frame = reinterpret_cast<uintptr_t>(entry);
  for (int i = 0; i < 6; ++i)
    *--frame = 0;
  stackPointer = frame;
  fakeStack = nullptr;
}

void Fiber::adopt() {
#ifdef DS_EMU_ASAN
  pthread_attr_t attributes;
  void *stack = nullptr;
  pthread_getattr_np(pthread_self(), &attributes);
  pthread_attr_getstack(&attributes, &stack, &bytes);
  pthread_attr_destroy(&attributes);
  bottom = stack;
#endif
#ifdef DS_EMU_TSAN
  tsan = __tsan_get_current_fiber();
#endif
}

void Fiber::switchTo(Fiber &to, [[maybe_unused]] bool forGood) {
#ifdef DS_EMU_ASAN
  __sanitizer_start_switch_fiber(forGood ? nullptr : &fakeStack, to.bottom,
                                 to.bytes);
#endif
#ifdef DS_EMU_TSAN
  Quiet::end(); // a fiber that is left for good may be used again
  // A switch is no synchronisation: that is what races are found by.
  __tsan_switch_to_fiber(to.tsan, __tsan_switch_to_fiber_no_sync);
#endif
  ds_emu_switch(&stackPointer, to.stackPointer);
  Quiet::begin();
#ifdef DS_EMU_ASAN
  __sanitizer_finish_switch_fiber(fakeStack, nullptr, nullptr);
#endif
}

void Fiber::join(Fiber &other) {
  other.abandoned = true;
#ifdef DS_EMU_TSAN
  // Without the flag a switch is a synchronisation; stacks stay as they are.
  Quiet::end();
  __tsan_switch_to_fiber(other.tsan, 0);
  __tsan_switch_to_fiber(tsan, 0);
  Quiet::begin();
#endif
}

bool Fiber::isGuard(const void *address) const {
  return size_t(static_cast<const char *>(address) - mapping) < kGuardBytes;
}

void Fiber::entered() {
#ifdef DS_EMU_ASAN
  __sanitizer_finish_switch_fiber(nullptr, nullptr, nullptr);
#endif
}

} // namespace ds::emu
