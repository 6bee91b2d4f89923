// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/exec/Operands.h"

namespace ds::rt {

std::vector<const void *> slotWeights(const PlanView &plan,
                                      std::span<const void *const> weights) {
  std::vector<const void *> addresses;
  addresses.reserve(plan.slots.size());
  for (uint32_t weight : plan.slots)
    addresses.push_back(weights[weight]);
  return addresses;
}

void *operandOf(const PlanView &plan, const CallRecord &call,
                const ArgRecord &argument, const OperandPlaces &at) {
  auto bufferAt = [&](uint64_t slice) -> void * {
    const BufferRecord &buffer = plan.buffers[argument.index];
    std::byte *base = buffer.storage == Storage::Scratch ? at.scratch : at.host;
    return base + buffer.offset + slice * buffer.layerStride;
  };
  uint32_t firstSlot = plan.rows[call.row].firstSlot;
  switch (argument.kind) {
  case ArgKind::Buffer:
    return bufferAt(0);
  case ArgKind::BufferOfLayer:
    return bufferAt(call.layer);
  case ArgKind::BufferOfOrdinal:
    return bufferAt(call.ordinal);
  case ArgKind::Slot: // kernels only read weights
    return const_cast<void *>(at.slotWeights[firstSlot + argument.index]);
  case ArgKind::SlotList:
    return const_cast<const void **>(at.slotList + firstSlot + argument.index);
  case ArgKind::State: {
    const StateAddress &state = at.states[argument.index];
    return state.data + state.layerBytes * call.layer;
  }
  }
  __builtin_unreachable();
}

} // namespace ds::rt
