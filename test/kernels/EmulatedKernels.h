// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs the rows for GPUs on the emulation, tile by tile as the CPU's rows.
#pragma once
#include "kernels/base/DeviceCall.h"
#include <string_view>

namespace ds::kernels::test {

/// A shape and a call; what the thread function of a launch gets.
struct EmulatedCall {
  const void *shape;
  DeviceCall call;
};
using EmulatedThread = void(const void *emulatedCall);

/// A line of a launch table made known; those of one row in their order.
/// Returns true.
bool addEmulatedLaunch(std::string_view row, EmulatedThread *thread);

/// Blocks tileBegin .. tileEnd - 1 of a grid of all tiles; where the row has a
/// second launch, it follows the last tile. Each launch has its own order of
/// threads and asynchronous effects. `call.operands` has kDeviceOperands
/// entries. Fails the test with what the emulation reports.
void runEmulated(std::string_view row, const void *shape, const Call &call,
                 uint32_t tileBegin, uint32_t tileEnd);
uint32_t emulatedTiles(std::string_view row, const void *shape,
                       const Batch &batch);

} // namespace ds::kernels::test
