// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What is said of a block that cannot go on, and what is looked at when one
// ends.
#include "kernels/emu/Block.h"
#include <map>

namespace ds::emu {

std::string Block::describeWait(const Thread &thread) const {
  std::ostringstream text;
  switch (thread.wait) {
  case Thread::Wait::No:
    text << "nothing";
    break;
  case Thread::Wait::Collective: {
    const auto &meeting = warps[thread.index / kLanes].meetings[thread.waitId];
    text << nameOf(meeting.kind) << " of warp " << thread.index / kLanes
         << std::hex << " (lanes 0x" << meeting.arrived << " of 0x"
         << meeting.mask << " are there)";
    break;
  }
  case Thread::Wait::Barrier: {
    const Barrier &barrier = barriers[thread.waitId];
    if (thread.waitId == 0)
      text << "syncBlock";
    else
      text << "namedBarrier " << thread.waitId;
    text << " (" << barrier.arrived << " of " << barrier.expected
         << " threads are there)";
    break;
  }
  case Thread::Wait::Mbarrier:
    text << "mbarrier";
    break;
  }
  return text.str();
}

void Block::failDeadlocked() {
  // Threads that wait on the same thing, as ranges.
  std::map<std::string, std::vector<uint32_t>> waiters;
  for (uint32_t i = 0; i < threadCount; ++i)
    if (!threads[i]->done)
      waiters[describeWait(*threads[i])].push_back(i);
  std::ostringstream text;
  text << "deadlock:";
  const char *separator = " ";
  for (const auto &[what, who] : waiters) {
    text << separator << (who.size() == 1 ? "thread" : "threads");
    for (size_t i = 0; i < who.size();) {
      size_t last = i;
      while (last + 1 < who.size() && who[last + 1] == who[last] + 1)
        ++last;
      text << (i ? ", " : " ") << who[i];
      if (last != i)
        text << "-" << who[last];
      i = last + 1;
    }
    text << (who.size() == 1 ? " waits on " : " wait on ") << what;
    separator = "; ";
  }
  if (exited)
    text << "; " << exited << " have returned";
  failWith(text.str());
}

bool Block::progress() { return false; }

void Block::auditThread(Thread &thread) {
  if (thread.open.copies)
    fail("copyAsync16: ", thread.open.copies,
         " copies were never committed when the thread returned");
  uint32_t inFlight = 0;
  for (size_t i = thread.oldestGroup; i < thread.groups.size(); ++i)
    inFlight += thread.groups[i].copies;
  if (inFlight)
    fail("copyAsync16: ", inFlight,
         " copies were never waited for when the thread returned");
  if (exited == 0 && barriers[0].arrived == 0)
    return;
  if (barriers[0].arrived)
    fail("barrier divergence: ", barriers[0].arrived,
         " threads wait in syncBlock, but this one has returned");
}

void Block::auditBlock() {
  for (uint32_t id = 1; id < kBarriers; ++id)
    if (barriers[id].arrived) {
      failure =
          options->name + ", block " + std::to_string(index) +
          ": namedBarrier " + std::to_string(id) +
          " is unbalanced at the end: " + std::to_string(barriers[id].arrived) +
          " of " + std::to_string(barriers[id].expected) + " threads arrived";
      return;
    }
  for (const char *byte = shared + sharedBytes;
       reinterpret_cast<uintptr_t>(byte) % 1024 != 0; ++byte)
    if (*byte != char(0xff)) {
      failure = options->name + ", block " + std::to_string(index) +
                ": shared memory was written " +
                std::to_string(byte - shared - sharedBytes) +
                " bytes past its end of " + std::to_string(sharedBytes);
      return;
    }
}

} // namespace ds::emu
