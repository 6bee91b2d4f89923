// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernels/emu/FaultGuard.h"
#include "kernels/emu/Block.h"
#include <cstdint>
#include <iterator>
#include <ucontext.h>

#if defined(DS_EMU_ASAN) || defined(DS_EMU_TSAN)
#define DS_EMU_FAULTS 0
#else
#define DS_EMU_FAULTS 1
#endif

namespace ds::emu {

void Block::failFaulted(const void *address) {
  if (running->fiber.isGuard(address))
    fail("the stack of the emulated thread is full: ", kStackBytes, " bytes");
  const ptrdiff_t offset = static_cast<const char *>(address) - shared;
  if (offset >= -ptrdiff_t(sharedBytes) &&
      offset < 2 * ptrdiff_t(kSharedAlign + sharedBytes))
    fail("an access at shared memory + ", offset, ", outside its ", sharedBytes,
         " bytes");
  fail("an access at ", address, ", which is not mapped for it");
}

#if DS_EMU_FAULTS

constexpr int kSignals[] = {SIGSEGV, SIGBUS};
constexpr size_t kHandlerBytes = 64 * 1024;

static struct sigaction previous[2];
// The handler runs on the first, what it returns to on the second.
alignas(64) static thread_local char handlerStack[kHandlerBytes];
alignas(64) static thread_local char reportStack[kHandlerBytes];
static thread_local const void *faultAddress;

[[noreturn]] static void report() { currentBlock->failFaulted(faultAddress); }

static void handle(int signal, siginfo_t *info, void *context) {
  if (!currentBlock || !currentBlock->running) {
    // Not a kernel's: the instruction runs again and meets the old handler.
    for (size_t i = 0; i < std::size(kSignals); ++i)
      if (kSignals[i] == signal)
        sigaction(signal, &previous[i], nullptr);
    return;
  }
  faultAddress = info->si_addr;
  // Go on in report(), as if just called, with a sound stack.
  auto *registers = static_cast<ucontext_t *>(context)->uc_mcontext.gregs;
  registers[REG_RSP] =
      greg_t(reinterpret_cast<uintptr_t>(reportStack + kHandlerBytes) - 8);
  registers[REG_RIP] = greg_t(reinterpret_cast<uintptr_t>(&report));
}

FaultGuard::FaultGuard() {
  static const bool installed = [] {
    struct sigaction action = {};
    action.sa_sigaction = handle;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < std::size(kSignals); ++i)
      sigaction(kSignals[i], &action, &previous[i]);
    return true;
  }();
  (void)installed;
  stack_t stack = {};
  stack.ss_sp = handlerStack;
  stack.ss_size = kHandlerBytes;
  sigaltstack(&stack, &before);
}

FaultGuard::~FaultGuard() { sigaltstack(&before, nullptr); }

#else

FaultGuard::FaultGuard() { (void)before; }
FaultGuard::~FaultGuard() = default;

#endif

} // namespace ds::emu
