// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/kernels/NativeKernels.h"
#include "kernels/Contracts.h"
#include "kernels/LaunchTable.h"
#include "test/kernels/EmulatedKernels.h"
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>

// What a row of a level is: a function of this program, or emulated.
#define FOR_Generic(native, emulated) native
#define FOR_AVX2(native, emulated) native
#define FOR_AVX512(native, emulated) native
#define FOR_AVX512BF16(native, emulated) native
#define FOR_CUDA(native, emulated) emulated
#define FOR_SM80(native, emulated) emulated
#define FOR_SM89(native, emulated) emulated
#define FOR_SM90A(native, emulated) emulated
#define FOR_SM100A(native, emulated) emulated
#define NOTHING

#define KERNEL(row, Family, activation, weights, level)                        \
  FOR_##level(DS_DECLARE_KERNEL(row, ds::kernels::Family##Shape), NOTHING)
#include "kernels/Rows.def"

namespace ds::kernels::test {
namespace {

#define NATIVE(name, Family)                                                   \
  [](const void *shape, const Call *call, uint32_t begin, uint32_t end) {      \
    name(static_cast<const Family##Shape *>(shape), call, begin, end);         \
  },                                                                           \
      [](const void *shape, const Batch *batch) {                              \
        return name##_tiles(static_cast<const Family##Shape *>(shape), batch); \
      }
#define EMULATED(name)                                                         \
  [](const void *shape, const Call *call, uint32_t begin, uint32_t end) {      \
    runEmulated(#name, shape, *call, begin, end);                              \
  },                                                                           \
      [](const void *shape, const Batch *batch) {                              \
        return emulatedTiles(#name, shape, *batch);                            \
      }

std::vector<NativeKernel> makeTable() {
  return {
#define KERNEL(name, Family, activation, weights, level)                       \
  NativeKernel{*findRow(#name),                                                \
               FOR_##level(NATIVE(name, Family), EMULATED(name))},
#include "kernels/Rows.def"
  };
}

const std::vector<NativeKernel> &table() {
  static const std::vector<NativeKernel> rows = makeTable();
  return rows;
}

} // namespace

uint64_t NativeKernel::workspace(const void *shape) const {
  if (!isEmulated())
    return row.family->workspace(shape);
  uint64_t most = 0;
  for (const Launch &launch : launchesOf(row))
    most = std::max(most, launch.workspace(shape));
  return most;
}

bool NativeKernel::canSplit() const { return launchesOf(row).size() < 2; }

const NativeKernel &nativeKernel(std::string_view name) {
  for (const NativeKernel &kernel : table())
    if (kernel.row.name == name)
      return kernel;
  std::fprintf(stderr, "no kernel %s\n", std::string(name).c_str());
  std::abort();
}

std::vector<NativeKernel> runnableKernels(std::string_view family) {
  std::vector<NativeKernel> found;
  for (const NativeKernel &kernel : table())
    if (kernel.row.family->name == family && canRun(kernel.row.level))
      found.push_back(kernel);
  return found;
}

bool canRun(Level level) {
  if (level >= Level::CUDA)
    return true;
#ifdef DS_TEST_EMULATED_ONLY
  return false;
#endif
  switch (level) {
  case Level::Generic:
    return true;
  case Level::AVX2:
    return __builtin_cpu_supports("x86-64-v3");
  case Level::AVX512:
    return __builtin_cpu_supports("x86-64-v4");
  case Level::AVX512BF16:
    return __builtin_cpu_supports("x86-64-v4") &&
           __builtin_cpu_supports("avx512bf16") &&
           __builtin_cpu_supports("avx512vbmi");
  default:
    return false;
  }
}

} // namespace ds::kernels::test
