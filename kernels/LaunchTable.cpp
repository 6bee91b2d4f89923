// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernels/LaunchTable.h"
#include "kernels/Contracts.h"
#include "kernels/LaunchContracts.h"
#include <algorithm>

namespace ds::kernels {
namespace {

#define FAMILY(Name, folder, camel, SHAPE)                                     \
  constexpr std::string_view k##Name##Header = "kernels/" #folder "/cuda.cuh";
#include "kernels/Families.def"

// Lines of one row stand together.
constexpr Launch kLaunches[] = {
#define OF_SHAPE(Family, function)                                             \
  [](const void *shape) {                                                      \
    return cuda::function(*static_cast<const Family##Shape *>(shape));         \
  }
#define LAUNCH(row, Family, threads, shared, tiles, workspace, maps, fits,     \
               ...)                                                            \
  Launch{#row,                                                                 \
         k##Family##Header,                                                    \
         #__VA_ARGS__,                                                         \
         #Family "Shape",                                                      \
         threads,                                                              \
         OF_SHAPE(Family, shared),                                             \
         OF_SHAPE(Family, tiles),                                              \
         OF_SHAPE(Family, workspace),                                          \
         OF_SHAPE(Family, maps),                                               \
         OF_SHAPE(Family, fits)},
#include "kernels/Launches.def"
#undef OF_SHAPE
};

} // namespace

std::span<const Launch> launchesOf(const KernelRow &row) {
  std::span<const Launch> all = kLaunches;
  auto isOurs = [&](const Launch &launch) { return launch.row == row.name; };
  auto first = std::ranges::find_if(all, isOurs);
  auto last = std::find_if_not(first, all.end(), isOurs);
  return {first, last};
}

uint32_t rowsServed(const KernelRow &row, const void *shape) {
  uint32_t rows = cuda::kAnyRows;
  for (const Launch &launch : launchesOf(row))
    rows = std::min(rows, launch.fits(shape));
  return rows;
}

} // namespace ds::kernels
