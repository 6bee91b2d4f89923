// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernels/emu/Launch.h"
#include "kernels/emu/Block.h"
#include "kernels/emu/FaultGuard.h"

namespace ds::emu {

/// Shared memory that a block may ask for (CUDA programming guide, technical
/// specifications per compute capability).
static size_t sharedLimit(Architecture architecture) {
  switch (architecture) {
  case Architecture::SM80:
    return 163 * 1024;
  case Architecture::SM89:
    return 99 * 1024;
  case Architecture::SM90a:
  case Architecture::SM100a:
    return 227 * 1024;
  }
  return 0;
}

Result launch(void (*function)(const void *), const void *call, Grid grid,
              uint32_t threads, size_t sharedBytes, const Options &options) {
  const auto refuse = [&](const std::string &text) {
    return Result{false, options.name + ": " + text};
  };
  if (threads == 0 || threads % kLanes != 0 || threads > kMaxThreads)
    return refuse("a block of " + std::to_string(threads) +
                  " threads is not whole warps up to 1024");
  if (sharedBytes > sharedLimit(options.architecture))
    return refuse(std::to_string(sharedBytes) +
                  " bytes of shared memory are more than the " +
                  std::to_string(sharedLimit(options.architecture)) +
                  " of the architecture");
  if (grid.last > grid.total)
    return refuse("block " + std::to_string(grid.last) + " of a grid of " +
                  std::to_string(grid.total));
  if (currentBlock)
    return refuse("launched from inside a kernel");
  thread_local Block block;
  const FaultGuard guard;
  for (uint32_t index = grid.first; index < grid.last; ++index) {
    std::string report =
        block.run(function, call, grid, index, threads, sharedBytes, options);
    if (!report.empty())
      return {false, std::move(report)};
  }
  return {};
}

} // namespace ds::emu
