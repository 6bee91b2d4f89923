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
  case Thread::Wait::Mbarrier: {
    const MbarrierState &state = mbarriers[thread.waitId & 0xffff];
    text << "the mbarrier at shared memory + " << state.offset << " for parity "
         << (thread.waitId >> 16) << " (phase " << state.phase << ", "
         << state.pending << " of " << state.count << " arrivals and "
         << state.bytes << " bytes are missing)";
    break;
  }
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
  if (barriers[0].arrived)
    fail("barrier divergence: ", barriers[0].arrived,
         " threads wait in syncBlock, but this one has returned");
}

std::string Block::auditWarps() const {
  std::ostringstream text;
  for (uint32_t w = 0; w < threadCount / kLanes; ++w) {
    const WarpgroupState &state = warps[w].warpgroup;
    const WarpgroupState &first = warps[w / 4 * 4].warpgroup;
    if (!state.open.empty())
      text << "warp " << w << " has multiplications that were never committed";
    else if (!state.groups.empty())
      text << "warp " << w << " has multiplications that were never waited for";
    else if (state.instructions != first.instructions ||
             state.history != first.history)
      text << "warp " << w << " has executed other warp group instructions ("
           << state.instructions << ") than warp " << w / 4 * 4 << " ("
           << first.instructions << ")";
    if (!text.str().empty())
      break;
  }
  return text.str();
}

std::string Block::audit() const {
  std::ostringstream text;
  for (uint32_t id = 1; id < kBarriers; ++id)
    if (barriers[id].arrived) {
      text << "namedBarrier " << id
           << " is unbalanced at the end: " << barriers[id].arrived << " of "
           << barriers[id].expected << " threads arrived";
      return text.str();
    }
  if (!copies.empty()) {
    text << copies.size() << " tile loads are under way at the end";
    return text.str();
  }
  for (const MbarrierState &state : mbarriers)
    if (state.pending != state.count || state.bytes != 0) {
      text << "the mbarrier at shared memory + " << state.offset
           << " is unbalanced at the end: " << state.pending << " of "
           << state.count << " arrivals and " << state.bytes
           << " bytes are missing";
      return text.str();
    }
  for (const char *byte = shared + sharedBytes;
       reinterpret_cast<uintptr_t>(byte) % kSharedAlign != 0; ++byte)
    if (*byte != char(kPoison)) {
      text << "shared memory was written " << byte - shared - sharedBytes
           << " bytes past its end of " << sharedBytes;
      return text.str();
    }
  return auditWarps();
}

} // namespace ds::emu
