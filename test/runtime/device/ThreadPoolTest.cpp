// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/device/ThreadPool.h"
#include <atomic>
#include <chrono>
#include <gtest/gtest.h>
#include <thread>
#include <vector>

namespace ds::rt::test {
namespace {

// Each worker does the work once, with a number of its own; the caller is 0.
TEST(ThreadPool, RunsEveryWorkerOnce) {
  for (uint32_t workers : {1, 2, 3, 7}) {
    ThreadPool pool(workers);
    ASSERT_EQ(pool.workers(), workers);
    std::vector<uint32_t> runs(workers);
    std::thread::id caller = std::this_thread::get_id();
    for (int i = 0; i < 100; ++i)
      pool.run([&](uint32_t worker, uint32_t count) {
        EXPECT_EQ(count, workers);
        EXPECT_EQ(worker == 0, std::this_thread::get_id() == caller);
        ++runs[worker];
      });
    EXPECT_EQ(runs, std::vector<uint32_t>(workers, 100));
  }
}

// After the barrier every worker sees what all wrote before it. Seven workers
// are more than small machines have, so some sleep while others spin.
TEST(ThreadPool, BarrierHoldsUnderStress) {
  constexpr uint32_t rounds = 3000;
  for (uint32_t workers : {2, 4, 7}) {
    ThreadPool pool(workers);
    std::vector<uint32_t> written(workers);
    std::atomic<uint32_t> wrong{0};
    pool.run([&](uint32_t worker, uint32_t count) {
      for (uint32_t round = 1; round <= rounds; ++round) {
        written[worker] = round;
        pool.barrier().wait();
        for (uint32_t other = 0; other < count; ++other)
          wrong += written[other] != round;
        pool.barrier().wait();
      }
    });
    EXPECT_EQ(wrong, 0u) << workers;
  }
}

// A barrier works as well when nobody spins and when nobody sleeps.
TEST(Barrier, SpinsOrSleeps) {
  for (uint32_t spins : {0u, 1u, 1000000u}) {
    Barrier barrier(2, spins);
    uint32_t shared = 0;
    constexpr uint32_t rounds = 500;
    std::thread other([&] {
      for (uint32_t i = 0; i < rounds; ++i) {
        barrier.wait();
        ++shared;
        barrier.wait();
      }
    });
    for (uint32_t i = 0; i < rounds; ++i) {
      EXPECT_EQ(shared, i);
      barrier.wait();
      barrier.wait();
    }
    other.join();
    EXPECT_EQ(shared, rounds);
  }
}

// Workers that fell asleep wake up for the next run.
TEST(ThreadPool, WakesAfterAPause) {
  ThreadPool pool(3);
  std::atomic<uint32_t> runs{0};
  for (int i = 0; i < 5; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    pool.run([&](uint32_t, uint32_t) { ++runs; });
  }
  EXPECT_EQ(runs, 15u);
}

// Pools end cleanly, used or not.
TEST(ThreadPool, EndsCleanly) {
  for (int i = 0; i < 50; ++i) {
    ThreadPool unused(3);
    ThreadPool used(2);
    used.run([](uint32_t, uint32_t) {});
  }
}

// Numbers of workers outside the limits are brought inside.
TEST(ThreadPool, HasAtLeastOneWorker) {
  EXPECT_EQ(ThreadPool(0).workers(), 1u);
  EXPECT_EQ(ThreadPool().workers(), allowedCPUs());
}

// A quota of a control group counts in whole CPUs, rounded up.
TEST(AllowedCPUs, ReadsTheQuota) {
  EXPECT_EQ(cpusOfQuota("150000 100000\n"), 2u);
  EXPECT_EQ(cpusOfQuota("200000 100000\n"), 2u);
  EXPECT_EQ(cpusOfQuota("1000 100000\n"), 1u);
  EXPECT_EQ(cpusOfQuota("max 100000\n"), 0u);
  EXPECT_EQ(cpusOfQuota(""), 0u);
  EXPECT_EQ(cpusOfQuota("100000"), 0u);
  EXPECT_EQ(cpusOfQuota("100000 0"), 0u);
  EXPECT_GE(allowedCPUs(), 1u);
}

} // namespace
} // namespace ds::rt::test
