// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/plan/VerifyParts.h"
#include <algorithm>
#include <tuple>
#include <vector>

namespace ds::rt {
namespace {

// The check is quadratic in the worst case; layers have some ten operands
// between two barriers.
constexpr size_t kMaxInterval = 4096;

/// Memory that a step touches. Slices by layer count as the whole buffer and a
/// state as one unit: nothing needs finer grain, and calls need no look.
struct Touched {
  uint32_t memory; // 0: scratch, 1: host, 2 + i: state i
  uint64_t begin, end;
  uint32_t step;
  bool reads, writes;
};

Touched touchedBy(const PlanView &plan, const ArgRecord &argument,
                  uint32_t step) {
  Touched touched{.memory = 2 + argument.index,
                  .begin = 0,
                  .end = 1,
                  .step = step,
                  .reads = (argument.access & kAccessRead) != 0,
                  .writes = (argument.access & kAccessWrite) != 0};
  if (argument.kind != ArgKind::State) {
    const BufferRecord &buffer = plan.buffers[argument.index];
    touched.memory = uint32_t(buffer.storage);
    touched.begin = buffer.offset;
    touched.end = buffer.offset + buffer.size;
  }
  return touched;
}

/// A row-wise kernel may write over what it reads: exactly the same bytes.
bool isInPlace(const Touched &a, const Touched &b) {
  return a.step == b.step && a.begin == b.begin && a.end == b.end &&
         !(a.writes && b.writes);
}

std::string textOf(const Touched &touched) {
  std::string where = touched.memory == 0 ? "scratch"
                      : touched.memory == 1
                          ? "host"
                          : "state " + std::to_string(touched.memory - 2);
  return "step " + std::to_string(touched.step) +
         (touched.writes ? " writing " : " reading ") + where + " " +
         std::to_string(touched.begin) + ".." + std::to_string(touched.end);
}

/// Sorts the interval and sweeps over it. A pair is missed by no order: what
/// still reaches over the next begin is kept.
Status verifyInterval(std::vector<Touched> &interval, const Refusal &refuse) {
  if (interval.size() > kMaxInterval)
    return refuse.number(
        ErrorCode::PlanSchedule,
        textOf(interval.back()) + ": operands since the last barrier",
        interval.size(), "at most " + std::to_string(kMaxInterval));
  std::ranges::sort(interval, {}, [](const Touched &touched) {
    return std::tuple(touched.memory, touched.begin, touched.step);
  });
  std::vector<const Touched *> open;
  for (const Touched &next : interval) {
    std::erase_if(open, [&](const Touched *earlier) {
      return earlier->memory != next.memory || earlier->end <= next.begin;
    });
    for (const Touched *earlier : open)
      if ((earlier->writes || next.writes) && !isInPlace(*earlier, next))
        return refuse(ErrorCode::PlanSchedule, textOf(next),
                      textOf(*earlier) + " with no barrier between",
                      "memory of its own");
    open.push_back(&next);
  }
  interval.clear();
  return {};
}

} // namespace

Status verifySchedule(const PlanView &plan, const Refusal &refuse) {
  std::vector<Touched> interval;
  for (const BodyRecord &body : plan.bodies) {
    for (uint32_t s = body.firstStep; s < body.firstStep + body.steps; ++s) {
      const StepRecord &step = plan.steps[s];
      if (step.flags & kStepBarrier)
        DS_TRY(verifyInterval(interval, refuse));
      for (const ArgRecord &argument :
           plan.arguments.subspan(step.firstArgument, step.arguments))
        if (argument.kind != ArgKind::Slot &&
            argument.kind != ArgKind::SlotList)
          interval.push_back(touchedBy(plan, argument, s));
    }
    DS_TRY(verifyInterval(interval, refuse)); // every body starts at a barrier
  }
  return {};
}

} // namespace ds::rt
