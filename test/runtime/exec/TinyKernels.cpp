// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The kernels of TinyPlan as the fake driver calls them.
#include "kernels/base/DeviceCall.h"
#include "test/runtime/exec/TinyPlan.h"
#include <cstdlib>
#include <cstring>

namespace ds::rt::test {
namespace {

enum : uint32_t { Embed, Append, Attend, TapHidden, TapExperts, Head };

/// Block b of the grid computes tiles b, b + grid, …, and each has its turn.
void runBlocks(uint32_t kernel, const DeviceCall *call, unsigned grid) {
  static const TinyPlan plan;
  const Kernel &code = plan.kernels()[kernel];
  Call form{.batch = call->batch,
            .operands = call->operands,
            .workspace = call->workspace};
  uint32_t tiles = code.tiles(call->batch);
  for (uint32_t block = 0; block < grid; ++block)
    for (uint32_t tile = block; tile < tiles; tile += grid)
      code.run(&form, tile, tile + 1);
}

/// The fake driver's map begins with the address of what it is a map of.
void expectMapOf(const DeviceCall *call, const void *address) {
  if (std::memcmp(call->maps[0].bytes, &address, sizeof address) != 0)
    std::abort();
}

} // namespace
} // namespace ds::rt::test

using namespace ds;
using namespace ds::rt::test;

bool tinyKernelsCheckMaps = false;

#define TINY_KERNEL __attribute__((visibility("default"))) void

extern "C" {
TINY_KERNEL tiny_embed(const DeviceCall *call, unsigned grid) {
  runBlocks(Embed, call, grid);
}
TINY_KERNEL tiny_append(const DeviceCall *call, unsigned grid) {
  runBlocks(Append, call, grid);
}
TINY_KERNEL tiny_attend(const DeviceCall *call, unsigned grid) {
  if (tinyKernelsCheckMaps)
    expectMapOf(call, *static_cast<void **>(call->operands[2]));
  runBlocks(Attend, call, grid);
}
TINY_KERNEL tiny_tap_hidden(const DeviceCall *call, unsigned grid) {
  runBlocks(TapHidden, call, grid);
}
TINY_KERNEL tiny_tap_experts(const DeviceCall *call, unsigned grid) {
  runBlocks(TapExperts, call, grid);
}
TINY_KERNEL tiny_head(const DeviceCall *call, unsigned grid) {
  if (tinyKernelsCheckMaps)
    expectMapOf(call, call->operands[0]);
  runBlocks(Head, call, grid);
}
}
