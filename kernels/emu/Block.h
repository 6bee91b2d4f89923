// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One block under emulation: its threads, who can run, who waits on what. An
// OS thread has one Block and uses it for one block after another.
#pragma once
#include "kernels/emu/Async.h"
#include "kernels/emu/Fiber.h"
#include "kernels/emu/Launch.h"
#include <memory>
#include <sstream>

namespace ds::emu {

constexpr uint32_t kLanes = 32;
constexpr uint32_t kFullMask = 0xffffffff;
constexpr uint32_t kMaxThreads = 1024;
constexpr uint32_t kMaxWarps = kMaxThreads / kLanes;
constexpr uint32_t kBarriers = 16;
constexpr size_t kSharedAlign = 1024;
constexpr unsigned char kPoison = 0xff; // NaN in every format that is used

/// The instructions that lanes of a warp execute together.
enum class Collective : uint8_t {
#define COLLECTIVE(name, text) name,
#include "kernels/emu/Collectives.def"
};

/// A set of threads of the block, one word per warp.
struct ThreadSet {
  uint32_t lanes[kMaxWarps] = {};
};

/// A copy that cp.async has begun and that has not happened yet.
struct Copy {
  void *shared;
  const void *global;
  uint32_t validBytes;
};

/// A group of copies that a thread has committed.
struct CopyGroup {
  uint32_t copies = 0;      // in all
  std::vector<Copy> undone; // those that have not happened yet
};

struct Thread {
  Fiber fiber;
  uint32_t index = 0;
  bool done = false;
  // Why it cannot run, for reports.
  enum class Wait : uint8_t {
    No,
    Collective,
    Barrier,
    Mbarrier
  } wait = Wait::No;
  uint32_t waitId = 0; // barrier, or lowest lane of the meeting, or parity
  const void *waitOn = nullptr;
  // cp.async: the group that is being filled and those that are not waited
  // for yet, oldest first.
  CopyGroup open;
  std::vector<CopyGroup> groups;
  size_t oldestGroup = 0;                 // groups before it are done with
  std::vector<const void *> acquiredMaps; // tensor maps
};

/// What a lane brings to an instruction of the whole warp.
struct Slot {
  uint32_t value, lane, result;
  const void *pointer;
  uint32_t *registers;
  float *d;
  const uint32_t *a, *b;
  uint64_t descriptors[2];
};

struct Warp {
  uint32_t ready = 0; // lanes that can run
  uint32_t turn = 0;  // which slots the next instruction uses: a fast lane may
                      // come to it before a slow one has left the last
  Slot slots[2][kLanes];
  // Meetings by the lowest lane of their mask; disjoint ones do not collide.
  struct Meeting {
    uint32_t mask = 0, arrived = 0;
    Collective kind{};
    uint32_t phase = 0;
  } meetings[kLanes];
  WarpgroupState warpgroup;
};

struct Barrier {
  uint32_t expected = 0, arrived = 0; // threads; 0 arrived: nothing under way
  uint32_t phase = 0;
  ThreadSet present; // who has arrived

  /// What threads release and acquire: one object for each parity of the
  /// phase, since a fast thread arrives again before a slow one has left.
  const void *edge() const { return &edges[phase & 1]; }
  char edges[2] = {};
};

/// xorshift64*.
struct Random {
  uint64_t state = 1;
  uint32_t next() {
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return uint32_t(state * 0x2545f4914f6cdd1d >> 32);
  }
  bool oneIn(uint32_t n) { return next() % n == 0; }
};

class Block {
public:
  Block();
  ~Block();

  /// Runs block `index`; the report, empty if all went well.
  std::string run(void (*function)(const void *), const void *call,
                  const Grid &grid, uint32_t index, uint32_t threads,
                  size_t sharedBytes, const Options &options);

  /// Ends the block with this report; the running thread does not return.
  template <class... Parts>
  [[noreturn]] void fail(const Parts &...parts) {
    std::ostringstream text;
    (text << ... << parts);
    failWith(text.str());
  }

  //===-- For instructions -----------------------------------------------===//

  /// Lets others run until wake() of this thread.
  void wait(Thread::Wait why, uint32_t id, const void *on);
  void wake(uint32_t thread) {
    threads[thread]->wait = Thread::Wait::No;
    warps[thread / kLanes].ready |= 1u << thread % kLanes;
    readyWarps |= 1u << thread / kLanes;
  }
  void wake(uint32_t warp, uint32_t lanes);
  /// With a seed, sometimes lets another thread run: in front of instructions
  /// that other threads can notice.
  void maybeYield() {
    if (options->seed != 0 && random.oneIn(4))
      yield();
  }
  /// The index of an mbarrier that has been made.
  uint32_t findMbarrier(const char *instruction, const uint64_t *barrier);
  /// Begins the next phase if this one has all that it waits for.
  void endPhase(MbarrierState &state);
  void perform(const TileCopy &copy);
  void perform(Warp &warp, uint32_t warpIndex, const WarpMma &mma);
  /// Whether an effect issued now happens now, by Options::completion.
  bool atOnce() {
    return options->completion == Completion::Earliest ||
           (options->completion == Completion::Random && random.oneIn(2));
  }

  /// Waits until all lanes of `mask` have come to the same instruction; the
  /// last of them runs `complete(slots)`. Returns the caller's slot.
  template <class Fill, class Complete>
  Slot &meet(Collective kind, uint32_t mask, Fill fill, Complete complete);

  /// Ends the block because of a fault at `address`; called on a stack of its
  /// own, in the name of the running thread.
  [[noreturn]] void failFaulted(const void *address);

  /// The offset of `bytes` at `pointer` in shared memory, aligned to `align`;
  /// fails for anything else.
  uint32_t sharedOffset(const char *instruction, const void *pointer,
                        size_t bytes, size_t align);
  bool inShared(const void *pointer) const {
    return size_t(static_cast<const char *>(pointer) - shared) < sharedBytes;
  }
  void checkGlobal(const char *instruction, const void *pointer, size_t bytes,
                   bool write);

  const Options *options = nullptr;
  Grid grid;
  uint32_t index = 0, threadCount = 0;
  char *shared = nullptr; // 1024-byte aligned; faults 1024-byte-rounded beyond
  size_t sharedBytes = 0;
  Thread *running = nullptr;
  std::unique_ptr<Thread> threads[kMaxThreads];
  Warp warps[kMaxWarps];
  Barrier barriers[kBarriers];
  uint32_t exited = 0;
  uint32_t serial = 0;                 // of this block among all
  std::deque<MbarrierState> mbarriers; // places stay: sanitizers know them
  std::vector<TileCopy> copies;        // tile loads under way
  // Shared memory as tile copies and wgmma see it, where effects are not at
  // once: without the writes of threads that have not fenced them.
  std::vector<char> asyncView;
  Random random;
  std::string failure;

private:
  [[noreturn]] void failWith(const std::string &text);
  void yield();
  Thread *pick();
  void leave(Thread *next);
  /// Makes a tile load under way happen, if there is one.
  bool progress();
  /// The same by chance, with Completion::Random.
  void maybeProgress();
  [[noreturn]] void failDeadlocked();
  std::string describeWait(const Thread &thread) const;
  void auditThread(Thread &thread);
  /// What the block left undone or broken; empty if nothing.
  std::string audit() const;
  std::string auditWarps() const;
  void begin(uint32_t threads, size_t bytes);
  static void entry();
  void arriveAt(Warp::Meeting &meeting, Collective kind, uint32_t mask);

  Fiber main; // the stack that called launch
  char *arena = nullptr;
  uint32_t readyWarps = 0;
  void (*function)(const void *) = nullptr;
  const void *call = nullptr;
};

/// The block that this OS thread emulates; set while a kernel runs.
extern thread_local Block *currentBlock;

const char *nameOf(Collective kind);

template <class Fill, class Complete>
Slot &Block::meet(Collective kind, uint32_t mask, Fill fill,
                  Complete complete) {
  Thread &self = *running;
  Warp &warp = warps[self.index / kLanes];
  const uint32_t lane = self.index % kLanes;
  Slot &slot = warp.slots[warp.turn][lane];
  fill(slot);
  const uint32_t first = __builtin_ctz(mask);
  Warp::Meeting &meeting = warp.meetings[first];
  arriveAt(meeting, kind, mask);
  meeting.arrived |= 1u << lane;
  if (meeting.arrived != mask) {
    wait(Thread::Wait::Collective, first, &meeting);
    return slot;
  }
  complete(warp.slots[warp.turn]);
  warp.turn ^= mask == kFullMask;
  meeting.arrived = 0;
  ++meeting.phase;
  wake(self.index / kLanes, mask & ~(1u << lane));
  return slot;
}

} // namespace ds::emu
