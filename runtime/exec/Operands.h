// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the indices of a plan's arguments mean in a session's memory, on the
// host or on a device.
#pragma once
#include "runtime/plan/PlanView.h"
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace ds::rt {

/// A state's page 0 of layer 0, and the bytes from one layer to the next.
struct StateAddress {
  std::byte *data;
  uint64_t layerBytes;
};

/// Addresses as kernels use them; on a device, the host follows none.
struct OperandPlaces {
  std::span<const StateAddress> states;     // by StateRecord
  std::byte *scratch, *host;                // of all buffers
  std::span<const void *const> slotWeights; // by SLOT
  const void *const *slotList; // the same array where kernels read it
};

/// By SLOT: the weights' addresses.
std::vector<const void *> slotWeights(const PlanView &plan,
                                      std::span<const void *const> weights);
/// The operand that a step of the call gets for an argument.
void *operandOf(const PlanView &plan, const CallRecord &call,
                const ArgRecord &argument, const OperandPlaces &at);

} // namespace ds::rt
