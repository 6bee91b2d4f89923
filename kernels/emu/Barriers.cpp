// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Identity, barriers, and exchange within a warp.
#include "kernels/emu/Block.h"
#include "kernels/emu/Device.h"
#include "kernels/emu/Sanitizers.h"
#include <bit>
#include <cmath>

namespace ds::emu {

uint32_t threadIndex() { return currentBlock->running->index; }
uint32_t blockIndex() { return currentBlock->index; }
uint32_t gridBlocks() { return currentBlock->grid.total; }
uint32_t blockThreads() { return currentBlock->threadCount; }
void *sharedMemory() { return currentBlock->shared; }
uint32_t sharedAddress(const void *pointer) {
  const Quiet quiet;
  return currentBlock->sharedOffset("sharedAddress", pointer, 0, 1);
}

void Block::arriveAt(Warp::Meeting &meeting, Collective kind, uint32_t mask) {
  const uint32_t lane = running->index % kLanes;
  if (meeting.arrived == 0) {
    meeting.kind = kind;
    meeting.mask = mask;
  }
  if (meeting.kind != kind)
    fail("warp divergence: this lane is in ", nameOf(kind), " while lanes 0x",
         std::hex, meeting.arrived, " of its warp are in ",
         nameOf(meeting.kind));
  if (meeting.mask != mask || !(mask >> lane & 1))
    fail(nameOf(kind), ": lane mask 0x", std::hex, mask,
         " does not hold this lane or differs from the others' 0x",
         meeting.mask);
}

uint32_t Block::sharedOffset(const char *instruction, const void *pointer,
                             size_t bytes, size_t align) {
  const size_t offset = size_t(static_cast<const char *>(pointer) - shared);
  if (offset > sharedBytes || bytes > sharedBytes - offset)
    fail(instruction, ": ", bytes, " bytes at shared memory + ",
         int64_t(offset), " are outside its ", sharedBytes, " bytes");
  if (offset % align != 0)
    fail(instruction, ": shared memory + ", offset, " is not aligned to ",
         align, " bytes");
  return uint32_t(offset);
}

void Block::checkGlobal(const char *instruction, const void *pointer,
                        size_t bytes, bool write) {
  if (options->memory.empty())
    return;
  bool readable = false;
  for (const MemoryRange &range : options->memory) {
    const size_t offset = size_t(static_cast<const char *>(pointer) -
                                 static_cast<const char *>(range.begin));
    if (offset > range.bytes || bytes > range.bytes - offset)
      continue;
    if (range.writable || !write)
      return;
    readable = true;
  }
  fail(instruction, ": ", bytes, " bytes at ", pointer,
       readable ? " may not be written" : " are outside all device memory");
}

void checkAccess(const void *pointer, uint32_t bytes, bool write) {
  const Quiet quiet;
  Block &block = *currentBlock;
  if (reinterpret_cast<uintptr_t>(pointer) % bytes != 0)
    block.fail(write ? "store" : "load", bytes, ": ", pointer,
               " is not aligned to ", bytes, " bytes");
  if (!block.inShared(pointer))
    block.checkGlobal(write ? "store" : "load", pointer, bytes, write);
}

float exp2(float x) { return float(std::exp2(double(x))); }

//===-- Barriers ----------------------------------------------------------===//

static Barrier &arrive(Block &block, uint32_t id, uint32_t expected) {
  const char *name = id == 0 ? "syncBlock" : "namedBarrier";
  if (id >= kBarriers)
    block.fail(name, ": barrier ", id, " does not exist");
  if (expected == 0 || expected % kLanes != 0 || expected > block.threadCount)
    block.fail(name, " ", id, ": ", expected,
               " threads are not whole warps of this block");
  Barrier &barrier = block.barriers[id];
  if (barrier.arrived == 0)
    barrier.expected = expected;
  if (barrier.expected != expected)
    block.fail(name, " ", id, ": this thread expects ", expected,
               " threads, the others ", barrier.expected);
  if (id == 0 && block.exited)
    block.fail("barrier divergence: syncBlock, but ", block.exited,
               " threads of the block have returned");
  const uint32_t self = block.running->index;
  uint32_t &present = barrier.present.lanes[self / kLanes];
  if (present >> self % kLanes & 1)
    block.fail(name, " ", id, ": this thread arrives twice in one phase");
  present |= 1u << self % kLanes;
  ++barrier.arrived;
  release(barrier.edge());
  return barrier;
}

static void finish(Block &block, uint32_t id, Barrier &barrier) {
  ThreadSet present = barrier.present;
  barrier.present = {};
  barrier.arrived = 0;
  ++barrier.phase;
  for (uint32_t warp = 0; warp < block.threadCount / kLanes; ++warp) {
    if (present.lanes[warp] != 0 && present.lanes[warp] != kFullMask)
      block.fail("barrier divergence: only lanes 0x", std::hex,
                 present.lanes[warp], std::dec, " of warp ", warp,
                 " arrived at barrier ", id);
    for (uint32_t lanes = present.lanes[warp]; lanes; lanes &= lanes - 1) {
      Thread &thread = *block.threads[warp * kLanes + __builtin_ctz(lanes)];
      if (thread.wait == Thread::Wait::Barrier && thread.waitId == id)
        block.wake(thread.index);
    }
  }
}

static void await(Block &block, uint32_t id, uint32_t threads) {
  const Quiet quiet;
  block.maybeYield();
  Barrier &barrier = arrive(block, id, threads);
  const void *edge = barrier.edge();
  if (barrier.arrived == barrier.expected)
    finish(block, id, barrier);
  else
    block.wait(Thread::Wait::Barrier, id, &barrier);
  acquire(edge);
}

void syncBlock() { await(*currentBlock, 0, currentBlock->threadCount); }
void namedBarrier(uint32_t id, uint32_t threads) {
  await(*currentBlock, id, threads);
}
void namedBarrierArrive(uint32_t id, uint32_t threads) {
  const Quiet quiet;
  Block &block = *currentBlock;
  block.maybeYield();
  Barrier &barrier = arrive(block, id, threads);
  if (barrier.arrived == barrier.expected)
    finish(block, id, barrier);
}

void syncWarp(uint32_t mask) {
  const Quiet quiet;
  Block &block = *currentBlock;
  if (mask == 0)
    block.fail("syncWarp: the lane mask is empty");
  const Warp::Meeting &meeting =
      block.warps[block.running->index / kLanes].meetings[__builtin_ctz(mask)];
  // As Barrier::edge().
  const void *edge = meeting.phase & 1 ? &meeting.mask : &meeting.arrived;
  release(edge);
  block.meet(
      Collective::SyncWarp, mask, [](Slot &) {}, [](Slot *) {});
  acquire(edge);
}

//===-- Exchange ----------------------------------------------------------===//

uint32_t shuffle(uint32_t kind, uint32_t value, uint32_t lane) {
  const Quiet quiet;
  static constexpr Collective kKinds[] = {
      Collective::Shuffle, Collective::ShuffleUp, Collective::ShuffleDown,
      Collective::ShuffleXor};
  return currentBlock
      ->meet(
          kKinds[kind], kFullMask,
          [&](Slot &slot) {
            slot.value = value;
            slot.lane = lane;
          },
          [kind](Slot *slots) {
            for (uint32_t i = 0; i < kLanes; ++i) {
              const uint32_t by = slots[i].lane;
              // Index takes the lane modulo the width of the warp.
              uint32_t source = kind == 0   ? by % kLanes
                                : kind == 1 ? i - by
                                : kind == 2 ? i + by
                                            : i ^ by;
              slots[i].result = slots[source < kLanes ? source : i].value;
            }
          })
      .result;
}

uint32_t ballot(bool predicate) {
  const Quiet quiet;
  return currentBlock
      ->meet(
          Collective::Ballot, kFullMask,
          [&](Slot &slot) { slot.value = predicate; },
          [](Slot *slots) {
            uint32_t bits = 0;
            for (uint32_t i = 0; i < kLanes; ++i)
              bits |= slots[i].value << i;
            for (uint32_t i = 0; i < kLanes; ++i)
              slots[i].result = bits;
          })
      .result;
}

/// All five steps of a butterfly in one meeting.
template <class Combine>
static float butterfly(Collective kind, float value, Combine combine) {
  const Quiet quiet;
  const Slot &slot = currentBlock->meet(
      kind, kFullMask,
      [&](Slot &slot) { slot.value = std::bit_cast<uint32_t>(value); },
      [&](Slot *slots) {
        float values[kLanes], next[kLanes];
        for (uint32_t i = 0; i < kLanes; ++i)
          values[i] = std::bit_cast<float>(slots[i].value);
        for (uint32_t mask = kLanes / 2; mask != 0; mask /= 2) {
          for (uint32_t i = 0; i < kLanes; ++i)
            next[i] = combine(values[i], values[i ^ mask]);
          for (uint32_t i = 0; i < kLanes; ++i)
            values[i] = next[i];
        }
        for (uint32_t i = 0; i < kLanes; ++i)
          slots[i].result = std::bit_cast<uint32_t>(values[i]);
      });
  return std::bit_cast<float>(slot.result);
}

float warpSum(float value) {
  return butterfly(Collective::WarpSum, value,
                   [](float a, float b) { return a + b; });
}

float warpMax(float value) {
  return butterfly(Collective::WarpMax, value, [](float a, float b) {
    if (a == b) // +0 is larger than -0
      return std::signbit(a) ? b : a;
    return std::isnan(b) || a > b ? a : b;
  });
}

} // namespace ds::emu
