// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// All workers meet. What one wrote before, all may read after.
#pragma once
#include <atomic>
#include <cstdint>

namespace ds::rt {

class Barrier {
public:
  /// A waiting worker looks for a while before it goes to sleep; at once where
  /// there are more workers than CPUs.
  explicit Barrier(uint32_t workers);
  /// Looks `spins` times.
  Barrier(uint32_t workers, uint32_t spins)
      : workers_(workers), spins_(spins) {}

  /// Returns when all workers have called it as often as this one.
  void wait();

private:
  const uint32_t workers_, spins_;
  // On lines of their own: arrivals must not disturb those who look.
  alignas(64) std::atomic<uint32_t> arrived_{0};
  alignas(64) std::atomic<uint32_t> round_{0};
  std::atomic<uint32_t> sleeping_{0};
};

} // namespace ds::rt
