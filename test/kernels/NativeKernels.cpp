// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/kernels/NativeKernels.h"
#include "kernels/Contracts.h"
#include <cstdio>
#include <cstdlib>
#include <string>

// Rows for GPUs are no functions of this program.
#define ON_CUDA(...)
#define ON_SM89(...)
#define ON_SM90A(...)
#define ON_Generic(...) __VA_ARGS__
#define ON_AVX2(...) __VA_ARGS__
#define ON_AVX512(...) __VA_ARGS__
#define ON_AVX512BF16(...) __VA_ARGS__

#define KERNEL(row, Family, activation, weights, level)                        \
  ON_##level(DS_DECLARE_KERNEL(row, ds::kernels::Family##Shape))
#include "kernels/Rows.def"

namespace ds::kernels::test {
namespace {

std::vector<NativeKernel> makeTable() {
  std::vector<NativeKernel> table;
#define KERNEL(name, Family, activation, weights, level)                       \
  ON_##level(table.push_back(                                                  \
      {*findRow(#name),                                                        \
       [](const void *shape, const Call *call, uint32_t begin, uint32_t end) { \
         name(static_cast<const Family##Shape *>(shape), call, begin, end);    \
       },                                                                      \
       [](const void *shape, const Batch *batch) {                             \
         return name##_tiles(static_cast<const Family##Shape *>(shape),        \
                             batch);                                           \
       }});)
#include "kernels/Rows.def"
  return table;
}

const std::vector<NativeKernel> &table() {
  static const std::vector<NativeKernel> rows = makeTable();
  return rows;
}

} // namespace

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
