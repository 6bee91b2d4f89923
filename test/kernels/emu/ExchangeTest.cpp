// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Exchange within a warp and block, and what a launch refuses.
#include "kernels/base/Ptx.cuh"
#include "kernels/emu/Launch.h"
#include <cmath>
#include <gtest/gtest.h>
#include <thread>
#include <vector>

// A sanitizer sees faults first.
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define DS_SANITIZED
#endif
#endif

namespace ds::kernels::test {
namespace {

using namespace ds::kernels::cuda;

constexpr uint32_t kThreads = 96;

struct ExchangeCall {
  const float *in; // [threads]
  float *out;      // [threads, 8]
};

void exchange(const ExchangeCall &call) {
  const uint32_t thread = threadIndex(), lane = laneIndex();
  const float value = call.in[thread];
  float *out = call.out + thread * 8;
  out[0] = shuffle(value, 3);
  out[1] = shuffleXor(value, 5);
  out[2] = shuffleUp(value, 4);
  out[3] = shuffleDown(value, 7);
  out[4] = warpSum(value);
  out[5] = warpMax(value);
  out[6] = blockSum(value, sharedMemory<float>());
  out[7] = float(ballot(lane % 3 == 0) >> lane & 1);
}

TEST(Exchange, IsTheDefinitionsUnderEverySeed) {
  std::vector<float> in(kThreads), out(kThreads * 8);
  for (uint32_t i = 0; i < kThreads; ++i)
    in[i] = 1.0f / float(i + 1) - 0.3f;
  // The butterfly as a device runs it: all lanes hold the same sum.
  float total = 0;
  std::vector<float> sums(kThreads / 32);
  for (uint32_t warp = 0; warp < sums.size(); ++warp) {
    std::vector<float> lanes(in.begin() + warp * 32,
                             in.begin() + warp * 32 + 32);
    for (uint32_t mask = 16; mask != 0; mask /= 2) {
      const std::vector<float> before = lanes;
      for (uint32_t i = 0; i < 32; ++i)
        lanes[i] = before[i] + before[i ^ mask];
    }
    sums[warp] = lanes[0];
    total = warp == 0 ? sums[0] : total + sums[warp];
  }
  for (uint64_t seed = 0; seed < 8; ++seed) {
    emu::Options options;
    options.seed = seed;
    const emu::Result result =
        emu::launch(exchange, ExchangeCall{in.data(), out.data()}, {0, 1, 1},
                    kThreads, 64, options);
    ASSERT_TRUE(result.ok) << result.text;
    for (uint32_t thread = 0; thread < kThreads; ++thread) {
      const float *got = out.data() + thread * 8,
                  *warp = in.data() + thread / 32 * 32;
      const uint32_t lane = thread % 32;
      EXPECT_EQ(got[0], warp[3]);
      EXPECT_EQ(got[1], warp[lane ^ 5]);
      EXPECT_EQ(got[2], warp[lane < 4 ? lane : lane - 4]);
      EXPECT_EQ(got[3], warp[lane > 24 ? lane : lane + 7]);
      EXPECT_EQ(got[4], sums[thread / 32]);
      EXPECT_EQ(got[5], warp[0]);
      EXPECT_EQ(got[6], total);
      EXPECT_EQ(got[7], lane % 3 == 0 ? 1 : 0);
    }
  }
}

void writeIdentity(const ExchangeCall &call) {
  if (threadIndex() == 0)
    call.out[blockIndex()] = float(gridBlocks() * 1000 + blockThreads());
}

TEST(Launch, RunsTheBlocksItIsGiven) {
  std::vector<float> out(8);
  const emu::Result result = emu::launch(
      writeIdentity, ExchangeCall{nullptr, out.data()}, {2, 5, 8}, 64, 0, {});
  ASSERT_TRUE(result.ok) << result.text;
  for (uint32_t block = 0; block < 8; ++block)
    EXPECT_EQ(out[block], block >= 2 && block < 5 ? 8064 : 0);
}

TEST(Launch, RunsBlocksOfOneGridOnSeveralThreads) {
  constexpr uint32_t kBlocks = 64, kWorkers = 4;
  std::vector<float> in(kThreads, 0.5f), out(kThreads * 8);
  std::vector<std::vector<float>> outs(kWorkers, out);
  std::vector<std::thread> workers;
  std::vector<emu::Result> results(kWorkers);
  for (uint32_t w = 0; w < kWorkers; ++w)
    workers.emplace_back([&, w] {
      const uint32_t share = kBlocks / kWorkers;
      results[w] =
          emu::launch(exchange, ExchangeCall{in.data(), outs[w].data()},
                      {w * share, (w + 1) * share, kBlocks}, kThreads, 64, {});
    });
  for (std::thread &worker : workers)
    worker.join();
  for (uint32_t w = 0; w < kWorkers; ++w) {
    EXPECT_TRUE(results[w].ok) << results[w].text;
    EXPECT_EQ(outs[w][6], kThreads * 0.5f);
  }
}

// A launch after one that went wrong, whose threads were left in the middle.
TEST(Launch, GoesOnAfterAFailure) {
  std::vector<float> in(kThreads, 1), out(kThreads * 8);
  const ExchangeCall call{in.data(), out.data()};
  const auto leaveOne = +[](const ExchangeCall &call) {
    if (threadIndex() != 7)
      exchange(call);
  };
  for (uint64_t seed = 0; seed < 4; ++seed) {
    emu::Options options;
    options.seed = seed;
    EXPECT_FALSE(
        emu::launch(leaveOne, call, {0, 1, 1}, kThreads, 64, options).ok);
    const emu::Result result =
        emu::launch(exchange, call, {0, 1, 1}, kThreads, 64, options);
    EXPECT_TRUE(result.ok) << result.text;
    EXPECT_EQ(out[6], float(kThreads));
  }
}

#ifndef DS_SANITIZED
// Faults of thread 40. A volatile keeps compilers from knowing better.
volatile size_t farAway = 64 * 1024;

void overrun(const ExchangeCall &) {
  if (threadIndex() == 40)
    sharedMemory<char>()[farAway] = 1;
}
void followNull(const ExchangeCall &call) {
  if (threadIndex() == 40)
    call.out[threadIndex()] = 1;
}
[[gnu::noinline, clang::disable_tail_calls]] uint32_t
recurse(uint32_t depth, volatile uint32_t *last) {
  volatile uint32_t here[256];
  here[0] = depth;
  return depth == 0 ? last[0] : recurse(depth - 1, here) + here[0];
}
void fillStack(const ExchangeCall &call) {
  if (threadIndex() == 40)
    call.out[0] = float(recurse(4096, nullptr));
}

TEST(Launch, TurnsFaultsIntoReports) {
  std::vector<float> in(kThreads, 1), out(kThreads * 8);
  const struct {
    void (*function)(const ExchangeCall &);
    const char *text;
  } faults[] = {
      {overrun, "block 0, thread 40 (warp 1, lane 8): an access at shared "
                "memory + 65536, outside its 65000 bytes"},
      {followNull, "thread 40 (warp 1, lane 8): an access at 0xa0, which"},
      {fillStack, "thread 40 (warp 1, lane 8): the stack of the emulated "
                  "thread is full"}};
  for (int round = 0; round < 2; ++round)
    for (const auto &fault : faults) {
      const emu::Result result =
          emu::launch(fault.function, ExchangeCall{nullptr, nullptr}, {0, 2, 2},
                      kThreads, 65000, {});
      EXPECT_FALSE(result.ok);
      EXPECT_NE(result.text.find(fault.text), std::string::npos) << result.text;
      // What comes after is not harmed.
      EXPECT_TRUE(emu::launch(exchange, ExchangeCall{in.data(), out.data()},
                              {0, 1, 1}, kThreads, 64, {})
                      .ok);
    }
}
#endif

TEST(Launch, RefusesWhatNoDeviceRuns) {
  const ExchangeCall call{nullptr, nullptr};
  const auto textOf = [&](emu::Grid grid, uint32_t threads, size_t bytes) {
    return emu::launch(writeIdentity, call, grid, threads, bytes, {}).text;
  };
  EXPECT_NE(textOf({0, 1, 1}, 48, 0).find("whole warps"), std::string::npos);
  EXPECT_NE(textOf({0, 1, 1}, 2048, 0).find("whole warps"), std::string::npos);
  EXPECT_NE(textOf({0, 1, 1}, 32, 200000).find("shared memory"),
            std::string::npos);
  EXPECT_NE(textOf({0, 2, 1}, 32, 0).find("of a grid of 1"), std::string::npos);
}

} // namespace
} // namespace ds::kernels::test
