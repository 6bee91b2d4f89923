// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/device/Barrier.h"
#include "runtime/device/AllowedCPUs.h"

namespace ds::rt {
namespace {

// Some 50 microseconds: longer than one worker is behind another within a step,
// shorter than a caller samples and prints a token.
constexpr uint32_t kSpins = 2000;

void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

} // namespace

Barrier::Barrier(uint32_t workers)
    : Barrier(workers, workers <= allowedCPUs() ? kSpins : 0) {}

void Barrier::wait() {
  // Read before arriving: the round cannot end without this worker.
  uint32_t round = round_.load(std::memory_order_relaxed);
  if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == workers_) {
    arrived_.store(0, std::memory_order_relaxed);
    // Sequentially consistent against the sleeper's two steps: either it sees
    // the new round, or this sees that it sleeps.
    round_.store(round + 1);
    if (sleeping_.load())
      round_.notify_all();
    return;
  }
  for (uint32_t i = 0; i < spins_; ++i) {
    if (round_.load(std::memory_order_acquire) != round)
      return;
    pause();
  }
  sleeping_.fetch_add(1);
  while (round_.load() == round)
    round_.wait(round);
  sleeping_.fetch_sub(1);
}

} // namespace ds::rt
