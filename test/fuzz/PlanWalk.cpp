// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/fuzz/PlanWalk.h"
#include "runtime/plan/Dump.h"
#include "test/fuzz/Check.h"
#include <algorithm>
#include <cstring>

namespace ds::fuzz {
namespace {

using namespace ds::rt;

template <class Record>
void readStrings(const PlanView &plan, std::span<const Record> records) {
  if constexpr (std::is_class_v<Record>)
    for (const Record &record : records)
      visitFields(record, [&](std::string_view, const auto &field) {
        if constexpr (std::is_same_v<std::decay_t<decltype(field)>, StringRef>)
          FUZZ_CHECK(std::strlen(plan.string(field)) < plan.strings.size());
      });
}

/// Bytes [offset, offset + size) of a buffer lie in the memory it is in.
void checkBuffer(const PlanView &plan, uint32_t index, uint64_t slice) {
  const BufferRecord &buffer = plan.buffers[index];
  uint64_t memory = buffer.storage == Storage::Host ? plan.budget[0].host
                                                    : plan.budget[0].scratch;
  FUZZ_CHECK((unsigned __int128)buffer.layerStride * slice < buffer.size);
  FUZZ_CHECK(buffer.offset < memory && buffer.size <= memory - buffer.offset);
}

void checkOperand(const PlanView &plan, const ArgRecord &operand,
                  const CallRecord &call) {
  switch (operand.kind) {
  case ArgKind::Buffer:
    return checkBuffer(plan, operand.index, 0);
  case ArgKind::BufferOfLayer:
    return checkBuffer(plan, operand.index, call.layer);
  case ArgKind::BufferOfOrdinal:
    return checkBuffer(plan, operand.index, call.ordinal);
  case ArgKind::Slot:
  case ArgKind::SlotList: {
    const RowRecord &row = plan.rows[call.row];
    FUZZ_CHECK(operand.index < row.slots);
    FUZZ_CHECK(plan.slots[row.firstSlot + operand.index] < plan.weights.size());
    return;
  }
  case ArgKind::State:
    FUZZ_CHECK(call.layer < plan.states[operand.index].layers);
    return;
  }
}

void checkWeight(const PlanView &plan, const WeightRecord &weight) {
  uint64_t end =
      weight.source == WeightSource::Shard      ? plan.shards[weight.shard].size
      : weight.source == WeightSource::Constant ? plan.constants.size()
                                                : plan.dataSize;
  FUZZ_CHECK(weight.offset < end && weight.size <= end - weight.offset);
}

void checkKernel(const PlanView &plan, const KernelRecord &kernel) {
  const ImageRecord &image = plan.images[kernel.image];
  if (plan.levels[0].kind == LevelKind::CPU)
    FUZZ_CHECK(kernel.run < image.textSize && kernel.tiles < image.textSize);
  else
    FUZZ_CHECK(kernel.launches > 0);
  for (const LaunchRecord &launch :
       plan.launches.subspan(kernel.firstLaunch, kernel.launches))
    FUZZ_CHECK(launch.maps <= plan.maps.size() &&
               launch.firstMap <= plan.maps.size() - launch.maps);
  FUZZ_CHECK(image.size <= plan.code.size() &&
             image.offset <= plan.code.size() - image.size);
}

/// The operands that a step's tensor maps are of are there.
void checkMaps(const PlanView &plan, const StepRecord &step,
               const CallRecord &call) {
  for (size_t k = step.kernel; k < plan.kernels.size();
       k += plan.kernelsPerLevel()) {
    const KernelRecord &kernel = plan.kernels[k];
    for (const LaunchRecord &launch :
         plan.launches.subspan(kernel.firstLaunch, kernel.launches))
      for (const TensorMapRecord &map :
           plan.maps.subspan(launch.firstMap, launch.maps)) {
        FUZZ_CHECK(map.operand < step.arguments);
        const ArgRecord &of = plan.arguments[step.firstArgument + map.operand];
        for (uint32_t i = 0; i < map.list; i += std::max(map.list / 7, 1u))
          FUZZ_CHECK(of.index + uint64_t(map.first) + uint64_t(i) * map.stride <
                     plan.rows[call.row].slots);
      }
  }
}

} // namespace

void walkPlan(const PlanView &plan) {
#define SECTION(tag, member, Record, presence, text)                           \
  readStrings(plan, plan.member);
#include "runtime/plan/Sections.def"
  for (const WeightRecord &weight : plan.weights)
    checkWeight(plan, weight);
  for (const KernelRecord &kernel : plan.kernels)
    checkKernel(plan, kernel);
  for (const EntryRecord &entry : plan.entries)
    for (const CallRecord &call :
         plan.calls.subspan(entry.firstCall, entry.calls)) {
      const BodyRecord &body = plan.bodies[call.body];
      for (const StepRecord &step :
           plan.steps.subspan(body.firstStep, body.steps)) {
        checkMaps(plan, step, call);
        for (const ArgRecord &operand :
             plan.arguments.subspan(step.firstArgument, step.arguments))
          checkOperand(plan, operand, call);
      }
    }
}

} // namespace ds::fuzz
