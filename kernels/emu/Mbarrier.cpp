// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// mbarriers: phases that end when their arrivals and bytes are there.
#include "kernels/emu/Block.h"
#include "kernels/emu/Device.h"
#include "kernels/emu/Sanitizers.h"

namespace ds::emu {

// The upper half of an mbarrier's 8 bytes, different in every block.
static uint64_t markOf(const Block &block) {
  return uint64_t(0xb0a70000 ^ block.serial) << 32;
}

uint32_t Block::findMbarrier(const char *instruction, const uint64_t *barrier) {
  sharedOffset(instruction, barrier, sizeof *barrier, sizeof *barrier);
  const uint64_t bits = *barrier ^ markOf(*this);
  if (bits >= mbarriers.size() || shared + mbarriers[bits].offset !=
                                      reinterpret_cast<const char *>(barrier))
    fail(instruction, ": the mbarrier at shared memory + ",
         reinterpret_cast<const char *>(barrier) - shared,
         " is used before init, or was overwritten");
  // Against other threads' init, which is a plain write.
  noteRead(barrier, sizeof *barrier);
  return uint32_t(bits);
}

void Block::endPhase(MbarrierState &state) {
  if (state.pending != 0 || state.bytes != 0)
    return;
  ++state.phase;
  state.pending = state.count;
  for (uint32_t warp = 0; warp < threadCount / kLanes; ++warp) {
    wake(warp, state.waiters[warp]);
    state.waiters[warp] = 0;
  }
}

void mbarrierInit(uint64_t *barrier, uint32_t count) {
  const Quiet quiet;
  Block &block = *currentBlock;
  const uint32_t offset =
      block.sharedOffset("init", barrier, sizeof *barrier, sizeof *barrier);
  if (count == 0 || count >= 1u << 20)
    block.fail("init: an mbarrier of ", count, " arrivals");
  for (const MbarrierState &other : block.mbarriers)
    if (other.offset == offset)
      block.fail("init: the mbarrier at shared memory + ", offset,
                 " is there already");
  MbarrierState state;
  state.offset = offset;
  state.count = state.pending = count;
  state.maker = block.running->index;
  noteWrite(barrier, sizeof *barrier);
  *barrier = markOf(block) ^ block.mbarriers.size();
  block.mbarriers.push_back(state);
  block.maybeYield();
}

void mbarrierFenceInit() {
  const Quiet quiet;
  for (MbarrierState &state : currentBlock->mbarriers)
    if (state.maker == currentBlock->running->index)
      state.fenced = true;
}

static void arrive(const char *name, uint64_t *barrier, uint32_t bytes) {
  const Quiet quiet;
  Block &block = *currentBlock;
  block.maybeYield();
  MbarrierState &state = block.mbarriers[block.findMbarrier(name, barrier)];
  if (state.pending == 0)
    block.fail(name, ": more than the ", state.count,
               " arrivals of the mbarrier at shared memory + ", state.offset);
  release(&state.edges[state.phase & 1]);
  state.bytes += bytes;
  --state.pending;
  block.endPhase(state);
}

void mbarrierArrive(uint64_t *barrier) { arrive("arrive", barrier, 0); }
void mbarrierArriveExpect(uint64_t *barrier, uint32_t bytes) {
  if (currentBlock->options->architecture < Architecture::SM90a)
    currentBlock->fail("arriveExpect: not on this architecture");
  arrive("arriveExpect", barrier, bytes);
}

void mbarrierWait(uint64_t *barrier, uint32_t parity) {
  const Quiet quiet;
  Block &block = *currentBlock;
  block.maybeYield();
  if (parity > 1)
    block.fail("wait: a parity of ", parity);
  const uint32_t index = block.findMbarrier("wait", barrier);
  while ((block.mbarriers[index].phase & 1) == parity) {
    const uint32_t self = block.running->index;
    block.mbarriers[index].waiters[self / kLanes] |= 1u << self % kLanes;
    block.wait(Thread::Wait::Mbarrier, parity << 16 | index, barrier);
  }
  acquire(&block.mbarriers[index].edges[parity]);
}

} // namespace ds::emu
