// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/device/ThreadPool.h"
#include <atomic>
#include <cstdlib>
#include <gtest/gtest.h>
#include <new>

static std::atomic<size_t> allocations{0};

void *operator new(size_t size) {
  ++allocations;
  if (void *memory = std::malloc(size))
    return memory;
  throw std::bad_alloc();
}
void operator delete(void *memory) noexcept { std::free(memory); }
void operator delete(void *memory, size_t) noexcept { std::free(memory); }

namespace ds::rt::test {
namespace {

// A run allocates nothing, whatever its work captures.
TEST(ThreadPool, AllocatesNothingPerRun) {
  ThreadPool pool(2);
  uint64_t a = 1, b = 2, c = 3, d = 4, e = 5, sum[2] = {};
  auto work = [&, a, b, c, d, e](uint32_t worker, uint32_t) {
    sum[worker] += a + b + c + d + e;
  };
  pool.run(work);
  size_t before = allocations;
  for (int i = 0; i < 100; ++i)
    pool.run(work);
  EXPECT_EQ(allocations, before);
  EXPECT_EQ(sum[1], 101u * 15);
}

} // namespace
} // namespace ds::rt::test
