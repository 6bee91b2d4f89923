// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernels/emu/Block.h"
#include "kernels/emu/Sanitizers.h"
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sys/mman.h>

namespace ds::emu {

thread_local Block *currentBlock = nullptr;

// Shared memory ends where a page begins that faults.
constexpr size_t kPage = 4096;
constexpr size_t kArenaBytes = 256 * 1024;

static size_t roundUp(size_t value, size_t to) {
  return (value + to - 1) / to * to;
}

const char *nameOf(Collective kind) {
  switch (kind) {
#define COLLECTIVE(name, text)                                                 \
  case Collective::name:                                                       \
    return text;
#include "kernels/emu/Collectives.def"
  }
  return "";
}

Block::Block() {
  void *memory = mmap(nullptr, kArenaBytes + 2 * kPage, PROT_NONE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED ||
      mprotect(static_cast<char *>(memory) + kPage, kArenaBytes,
               PROT_READ | PROT_WRITE) != 0) {
    std::fputs("emulation: no memory for shared memory\n", stderr);
    std::abort();
  }
  arena = static_cast<char *>(memory) + kPage;
}

Block::~Block() { munmap(arena - kPage, kArenaBytes + 2 * kPage); }

//===-- Scheduling --------------------------------------------------------===//

Thread *Block::pick() {
  if (readyWarps == 0)
    return nullptr;
  uint32_t warp = running ? running->index / kLanes : 0;
  uint32_t lane = running ? running->index % kLanes : 0;
  // The next in order keeps a warp together, which is what makes it fast.
  if (options->seed == 0) {
    if (warps[warp].ready == 0) {
      const uint32_t above = readyWarps & ~((2u << warp) - 1);
      warp = __builtin_ctz(above ? above : readyWarps);
      lane = kLanes - 1;
    }
    const uint32_t above = warps[warp].ready & ~((2u << lane) - 1);
    lane = __builtin_ctz(above ? above : warps[warp].ready);
    return threads[warp * kLanes + lane].get();
  }
  const auto anyOf = [&](uint32_t set) {
    for (uint32_t skip = random.next() % __builtin_popcount(set); skip; --skip)
      set &= set - 1;
    return uint32_t(__builtin_ctz(set));
  };
  if (warps[warp].ready == 0 || random.oneIn(8))
    warp = anyOf(readyWarps);
  return threads[warp * kLanes + anyOf(warps[warp].ready)].get();
}

void Block::leave(Thread *next) {
  Thread *self = running;
  running = next;
  self->fiber.switchTo(next->fiber);
}

void Block::wake(uint32_t warp, uint32_t lanes) {
  if (lanes == 0)
    return;
  warps[warp].ready |= lanes;
  readyWarps |= 1u << warp;
  for (uint32_t set = lanes; set; set &= set - 1)
    threads[warp * kLanes + __builtin_ctz(set)]->wait = Thread::Wait::No;
}

void Block::wait(Thread::Wait why, uint32_t id, const void *on) {
  Thread &self = *running;
  self.wait = why;
  self.waitId = id;
  self.waitOn = on;
  Warp &warp = warps[self.index / kLanes];
  warp.ready &= ~(1u << self.index % kLanes);
  if (warp.ready == 0)
    readyWarps &= ~(1u << self.index / kLanes);
  maybeProgress(); // may wake this thread
  // The common case, the next lane of a warp that goes in order.
  const uint32_t after = self.index % kLanes + 1;
  Thread *next = options->seed == 0 && after < kLanes && warp.ready >> after & 1
                     ? threads[self.index + 1].get()
                     : pick();
  while (!next) {
    if (!progress())
      failDeadlocked();
    next = pick();
  }
  if (next != &self)
    leave(next);
}

void Block::maybeProgress() {
  if (!copies.empty() && options->completion == Completion::Random &&
      random.oneIn(4))
    progress();
}

void Block::yield() {
  maybeProgress();
  Thread *next = pick();
  if (next != running)
    leave(next);
}

void Block::entry() {
  Fiber::entered();
  Block &block = *currentBlock;
  Thread &self = *block.running;
  acquire(&block);
  block.function(block.call);
  release(&block);
  const Quiet quiet;
  block.auditThread(self);
  self.done = true;
  ++block.exited;
  Warp &warp = block.warps[self.index / kLanes];
  warp.ready &= ~(1u << self.index % kLanes);
  if (warp.ready == 0)
    block.readyWarps &= ~(1u << self.index / kLanes);
  Thread *next = block.pick();
  while (!next && block.exited != block.threadCount) {
    if (!block.progress())
      block.failDeadlocked();
    next = block.pick();
  }
  block.running = next;
  self.fiber.switchTo(next ? next->fiber : block.main, true);
  __builtin_unreachable();
}

//===-- A block from beginning to end -------------------------------------===//

void Block::begin(uint32_t count, size_t bytes) {
  threadCount = count;
  sharedBytes = bytes;
  shared = arena + kArenaBytes - roundUp(bytes, kSharedAlign);
#ifdef DS_EMU_ASAN
  ASAN_UNPOISON_MEMORY_REGION(arena, kArenaBytes);
#endif
  std::memset(shared, kPoison, size_t(arena + kArenaBytes - shared));
#ifdef DS_EMU_ASAN
  ASAN_POISON_MEMORY_REGION(arena, shared - arena);
  ASAN_POISON_MEMORY_REGION(shared + bytes,
                            size_t(arena + kArenaBytes - shared) - bytes);
#endif
  exited = 0;
  ++serial;
  mbarriers.clear();
  copies.clear();
  asyncView.clear();
  if (options->architecture >= Architecture::SM90a &&
      options->completion != Completion::Earliest)
    asyncView.assign(bytes, char(kPoison));
  running = nullptr;
  readyWarps = 0;
  failure.clear();
  for (Barrier &barrier : barriers)
    barrier = {};
  for (uint32_t w = 0; w < count / kLanes; ++w) {
    warps[w].ready = kFullMask;
    warps[w].turn = 0;
    warps[w].warpgroup = {};
    for (Warp::Meeting &meeting : warps[w].meetings)
      meeting = {};
    readyWarps |= 1u << w;
  }
  for (uint32_t i = 0; i < count; ++i) {
    if (!threads[i]) {
      threads[i] = std::make_unique<Thread>();
      threads[i]->index = i;
      threads[i]->fiber.create(i);
    }
    Thread &thread = *threads[i];
    thread.fiber.prepare(entry);
    thread.done = false;
    thread.wait = Thread::Wait::No;
    thread.open = {};
    thread.groups.clear();
    thread.oldestGroup = 0;
    thread.acquiredMaps.clear();
  }
}

std::string Block::run(void (*function)(const void *), const void *call,
                       const Grid &grid, uint32_t index, uint32_t threadCount,
                       size_t sharedBytes, const Options &options) {
  const Quiet quiet;
  this->function = function;
  this->call = call;
  this->grid = grid;
  this->index = index;
  this->options = &options;
  // Neighbouring seeds and blocks begin far apart.
  random.state = (options.seed + 1) * 0x9e3779b97f4a7c15 ^
                 (index + 1) * 0xbf58476d1ce4e5b9;
  begin(threadCount, sharedBytes);
  main.adopt();
  Block *outer = currentBlock;
  currentBlock = this;
  release(this);
  running = pick();
  main.switchTo(running->fiber);
  acquire(this);
  currentBlock = outer;
  if (!failure.empty()) {
    for (uint32_t i = 0; i < threadCount; ++i)
      main.join(threads[i]->fiber);
    return failure;
  }
#ifdef DS_EMU_ASAN
  // The audit looks at what lies beyond shared memory.
  ASAN_UNPOISON_MEMORY_REGION(arena, kArenaBytes);
#endif
  const std::string found = audit();
  return found.empty()
             ? found
             : options.name + ", block " + std::to_string(index) + ": " + found;
}

void Block::failWith(const std::string &text) {
  std::ostringstream report;
  report << options->name << ", block " << index;
  if (running)
    report << ", thread " << running->index << " (warp "
           << running->index / kLanes << ", lane " << running->index % kLanes
           << ")";
  report << ": " << text;
  failure = report.str();
  Thread *self = running;
  running = nullptr;
  self->fiber.switchTo(main, true);
  __builtin_unreachable();
}

} // namespace ds::emu
