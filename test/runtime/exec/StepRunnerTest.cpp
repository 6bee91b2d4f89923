// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/exec/StepRunner.h"
#include <atomic>
#include <gtest/gtest.h>
#include <thread>

using namespace ds;
using namespace ds::rt;

namespace {

constexpr uint32_t kTiles = 11;
std::atomic<uint32_t> timesComputed[kTiles];
std::atomic<uint32_t> tilesDone;
std::atomic<bool> sawHole;
std::vector<void *> seenOperands;
void *seenWorkspaces[4];

void countTiles(const Call *, uint32_t begin, uint32_t end) {
  for (uint32_t tile = begin; tile < end; ++tile)
    ++timesComputed[tile];
}
void finishTiles(const Call *, uint32_t begin, uint32_t end) {
  std::this_thread::sleep_for(std::chrono::microseconds(50 * begin));
  tilesDone += end - begin;
}
void expectAllDone(const Call *, uint32_t, uint32_t) {
  if (tilesDone != kTiles)
    sawHole = true;
}
void expectWholeRounds(const Call *, uint32_t, uint32_t) {
  if (tilesDone % kTiles)
    sawHole = true;
}
void lookAtOperands(const Call *call, uint32_t, uint32_t) {
  seenOperands.assign(call->operands, call->operands + 7);
}
void lookAtWorkspace(const Call *call, uint32_t begin, uint32_t) {
  seenWorkspaces[begin] = call->workspace;
}
uint32_t fixedTiles(const Batch *) { return kTiles; }
uint32_t oneTile(const Batch *) { return 1; }
uint32_t fourTiles(const Batch *) { return 4; }
uint32_t noTiles(const Batch *) { return 0; }

/// A plan of records that nobody verifies: one body, one entry (prefill).
struct Records {
  std::vector<StepRecord> steps;
  std::vector<ArgRecord> arguments;
  std::vector<CallRecord> calls = {{0, 0, 0, 0}};
  std::vector<RowRecord> rows = {{0, 0}};
  std::vector<BufferRecord> buffers;
  std::vector<StateRecord> states;
  std::vector<uint32_t> slots;
  BodyRecord body{};
  EntryRecord entry{};

  PlanView view() {
    body.steps = uint32_t(steps.size());
    entry = {EntryKind::Prefill, 0, uint32_t(calls.size()), 1};
    PlanView plan;
    plan.steps = steps;
    plan.arguments = arguments;
    plan.calls = calls;
    plan.rows = rows;
    plan.buffers = buffers;
    plan.states = states;
    plan.slots = slots;
    plan.bodies = {&body, 1};
    plan.entries = {&entry, 1};
    return plan;
  }
};

class StepRunnerTest : public testing::TestWithParam<uint32_t> {
protected:
  void SetUp() override {
    for (std::atomic<uint32_t> &times : timesComputed)
      times = 0;
    tilesDone = 0;
    sawHole = false;
  }
  StepRunner makeRunner(Records &records, std::span<const Kernel> kernels) {
    return StepRunner(records.view(),
                      {.kernels = kernels,
                       .weights = {},
                       .states = {},
                       .scratch = nullptr,
                       .host = nullptr,
                       .workspaces = workspaces},
                      pool);
  }
  ThreadPool pool{GetParam()};
  std::byte workspace[4][64];
  std::vector<std::byte *> workspaces = {workspace[0], workspace[1],
                                         workspace[2], workspace[3]};
};

// However many workers there are, every tile is computed once.
TEST_P(StepRunnerTest, computesEveryTileOnce) {
  Records records;
  records.steps = {{0, 0, 0, 0}};
  std::vector<Kernel> kernels = {{countTiles, fixedTiles}};
  StepRunner runner = makeRunner(records, kernels);
  EXPECT_TRUE(runner.has(EntryKind::Prefill));
  EXPECT_FALSE(runner.has(EntryKind::Decode));
  for (uint32_t round = 1; round <= 3; ++round) {
    runner.run(EntryKind::Prefill, {});
    for (std::atomic<uint32_t> &times : timesComputed)
      EXPECT_EQ(times, round);
  }
}

// A step with the barrier flag sees all that the steps before it wrote.
TEST_P(StepRunnerTest, workersMeetBeforeFlaggedSteps) {
  Records records;
  records.steps = {{0, 0, 0, 0}, {1, 0, 0, kStepBarrier}};
  std::vector<Kernel> kernels = {{finishTiles, fixedTiles},
                                 {expectAllDone, fixedTiles}};
  StepRunner runner = makeRunner(records, kernels);
  for (int round = 0; round < 20; ++round) {
    tilesDone = 0;
    runner.run(EntryKind::Prefill, {});
  }
  EXPECT_FALSE(sawHole);
}

// The first step of a call sees all that the call before it wrote, without a
// flag.
TEST_P(StepRunnerTest, workersMeetBetweenCalls) {
  Records records;
  records.steps = {{0, 0, 0, 0}, {1, 0, 0, kStepBarrier}};
  records.calls.push_back(records.calls[0]);
  std::vector<Kernel> kernels = {{expectWholeRounds, fixedTiles},
                                 {finishTiles, fixedTiles}};
  StepRunner runner = makeRunner(records, kernels);
  for (int round = 0; round < 20; ++round)
    runner.run(EntryKind::Prefill, {});
  EXPECT_EQ(tilesDone, 40 * kTiles);
  EXPECT_FALSE(sawHole);
}

// Each kind of argument becomes the address that Records.h gives it.
TEST_P(StepRunnerTest, resolvesEveryKindOfArgument) {
  Records records;
  records.steps = {{0, 0, 7, 0}};
  records.arguments = {
      {ArgKind::Buffer, 0, 1, 0},        {ArgKind::Buffer, 1, 1, 0},
      {ArgKind::BufferOfLayer, 1, 1, 0}, {ArgKind::BufferOfOrdinal, 1, 1, 0},
      {ArgKind::Slot, 1, 1, 0},          {ArgKind::SlotList, 1, 1, 0},
      {ArgKind::State, 0, 1, 0}};
  records.buffers = {{StringRef{}, Storage::Scratch, 64, 8, 0},
                     {StringRef{}, Storage::Host, 128, 40, 8}};
  records.states = {{StringRef{}, StateRole::Latent, 4, 8}};
  records.slots = {2, 0, 1, 2};
  records.rows = {{0, 1}, {1, 3}};
  records.calls = {{.body = 0, .row = 1, .layer = 3, .ordinal = 2}};
  std::byte scratch[256], host[256], state[400];
  int weights[3];
  std::vector<const void *> addresses = {&weights[0], &weights[1], &weights[2]};
  std::vector<StateAddress> states = {{state, 100}};
  std::vector<Kernel> kernels = {{lookAtOperands, oneTile}};
  StepRunner runner(records.view(),
                    {.kernels = kernels,
                     .weights = addresses,
                     .states = states,
                     .scratch = scratch,
                     .host = host,
                     .workspaces = workspaces},
                    pool);
  addresses.clear(); // read at creation only
  runner.run(EntryKind::Prefill, {});
  EXPECT_EQ(seenOperands[0], scratch + 64);
  EXPECT_EQ(seenOperands[1], host + 128);
  EXPECT_EQ(seenOperands[2], host + 128 + 3 * 8);
  EXPECT_EQ(seenOperands[3], host + 128 + 2 * 8);
  EXPECT_EQ(seenOperands[4], &weights[1]);
  auto **listed = static_cast<void **>(seenOperands[5]);
  EXPECT_EQ(listed[0], &weights[1]);
  EXPECT_EQ(listed[1], &weights[2]);
  EXPECT_EQ(seenOperands[6], state + 300);
}

// A worker computes in its own workspace.
TEST_P(StepRunnerTest, workersHaveTheirOwnWorkspace) {
  Records records;
  records.steps = {{0, 0, 0, 0}, {1, 0, 0, 0}};
  std::vector<Kernel> kernels = {{lookAtWorkspace, fourTiles},
                                 {countTiles, noTiles}};
  StepRunner runner = makeRunner(records, kernels);
  runner.run(EntryKind::Prefill, {});
  uint32_t workers = pool.workers();
  for (uint32_t worker = 0; worker < workers; ++worker)
    EXPECT_EQ(seenWorkspaces[4 * worker / workers], workspace[worker]);
  EXPECT_EQ(timesComputed[0], 0u); // a kernel without tiles is not called
}

INSTANTIATE_TEST_SUITE_P(workers, StepRunnerTest,
                         testing::Values(1u, 2u, 3u, 4u));

} // namespace
