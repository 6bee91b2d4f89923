// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/kernels/EmulatedKernels.h"
#include "kernels/LaunchTable.h"
#include "kernels/emu/Launch.h"
#include <gtest/gtest.h>
#include <map>
#include <vector>

namespace ds::kernels::test {
namespace {

std::map<std::string_view, std::vector<EmulatedThread *>> &threads() {
  static std::map<std::string_view, std::vector<EmulatedThread *>> byRow;
  return byRow;
}

emu::Architecture architectureOf(Level level) {
  switch (level) {
  case Level::SM89:
    return emu::Architecture::SM89;
  case Level::SM90A:
    return emu::Architecture::SM90a;
  case Level::SM100A:
    return emu::Architecture::SM100a;
  default:
    return emu::Architecture::SM80;
  }
}

} // namespace

bool addEmulatedLaunch(std::string_view row, EmulatedThread *thread) {
  threads()[row].push_back(thread);
  return true;
}

uint32_t emulatedTiles(std::string_view row, const void *shape,
                       const Batch &batch) {
  return tilesOf(launchesOf(*findRow(row))[0].tiles(shape), batch);
}

void runEmulated(std::string_view row, const void *shape, const Call &call,
                 uint32_t tileBegin, uint32_t tileEnd) {
  const KernelRow &kernel = *findRow(row);
  EmulatedCall bound{shape, {call.batch, call.workspace, nullptr, {}}};
  std::copy_n(call.operands, kDeviceOperands, bound.call.operands);
  std::span<const Launch> launches = launchesOf(kernel);
  ASSERT_EQ(threads()[row].size(), launches.size()) << row;
  for (size_t i = 0; i < launches.size(); ++i) {
    uint32_t tiles = tilesOf(launches[i].tiles(shape), *call.batch);
    emu::Grid grid{i ? 0 : tileBegin, i ? tiles : tileEnd, tiles};
    if (i && tileEnd != tilesOf(launches[0].tiles(shape), *call.batch))
      continue; // not all of the first launch has run
    emu::Options options;
    options.architecture = architectureOf(kernel.level);
    options.name = std::string(row);
    emu::Result result =
        emu::launch(threads()[row][i], &bound, grid, launches[i].threads,
                    launches[i].sharedBytes(shape), options);
    ASSERT_TRUE(result.ok) << result.text;
  }
}

} // namespace ds::kernels::test
