// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/kernels/EmulatedKernels.h"
#include "kernels/LaunchTable.h"
#include "kernels/emu/EncodeTensorMap.h"
#include "kernels/emu/Launch.h"
#include <gtest/gtest.h>
#include <map>
#include <vector>

namespace ds::kernels::test {
namespace {

constexpr uint32_t kFewBlocks = 3;

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

/// The maps of a launch, as the runtime makes them at load.
std::vector<TensorMap> mapsOf(const Launch &launch, const void *shape,
                              const Batch &batch, void *const *operands) {
  std::vector<TensorMap> maps;
  const cuda::TensorMaps wanted = launch.maps(shape);
  const uint32_t rows = launch.tiles(shape).rows == TileCount::HeadRows
                            ? batch.rows
                            : batch.tokens;
  for (uint32_t i = 0; i < wanted.count; ++i) {
    const TensorMapSpec &spec = wanted.list[i];
    auto *list = static_cast<void *const *>(operands[spec.operand]);
    for (uint32_t entry = 0; entry < std::max(spec.list, 1u); ++entry) {
      emu::EmulatedMap map{};
      map.base = spec.list ? list[spec.first + entry * spec.stride]
                           : operands[spec.operand];
      map.columns = spec.columns;
      map.rows = spec.rows ? spec.rows : uint64_t(rows) * spec.perRow;
      map.pitch = uint64_t(spec.columns) * spec.elementBytes;
      map.boxColumns = spec.boxColumns;
      map.boxRows = spec.boxRows;
      map.elementBytes = spec.elementBytes;
      map.swizzled = 1;
      std::string wrong = emu::encodeTensorMap(maps.emplace_back(), map);
      EXPECT_EQ(wrong, "") << launch.row;
    }
  }
  return maps;
}

/// Launches differ in the order of threads and the time of effects, so what
/// tests find to be equal does not hang on either.
void vary(emu::Options &options) {
  static uint32_t launches = 0;
  options.completion = emu::Completion(launches % 3);
  options.seed = launches % 3 == 0 ? 0 : launches;
  ++launches;
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
    if (i && tileEnd != tilesOf(launches[0].tiles(shape), *call.batch))
      continue; // not all of the first launch has run
    emu::Grid grid{i ? 0 : tileBegin, i ? tiles : tileEnd, tiles};
    // All tiles at once: by a few blocks, as on a device with fewer
    // multiprocessors than tiles.
    if (grid.first == 0 && grid.last == tiles)
      grid.last = grid.total = std::min(tiles, kFewBlocks);
    std::vector<TensorMap> maps =
        mapsOf(launches[i], shape, *call.batch, call.operands);
    bound.call.maps = maps.data();
    emu::Options options;
    options.architecture = architectureOf(kernel.level);
    options.name = std::string(row);
    vary(options);
    emu::Result result =
        emu::launch(threads()[row][i], &bound, grid, launches[i].threads,
                    launches[i].sharedBytes(shape), options);
    ASSERT_TRUE(result.ok) << result.text;
  }
}

} // namespace ds::kernels::test
