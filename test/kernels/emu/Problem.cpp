// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernels/emu/EncodeTensorMap.h"
#include "test/kernels/emu/Kernels.h"
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace ds::kernels::test {

const SmallKernel &smallKernel(const std::string &name) {
  for (const SmallKernel &kernel : kSmallKernels)
    if (kernel.name == name)
      return kernel;
  std::fprintf(stderr, "there is no kernel %s\n", name.c_str());
  std::abort();
}

template <class T>
void Problem::Aligned<T>::resize(size_t n) {
  storage.resize(n + 16);
  auto address = reinterpret_cast<uintptr_t>(storage.data());
  data = reinterpret_cast<T *>((address + 15) / 16 * 16);
  count = n;
}

Problem::Problem(uint32_t rows, uint32_t k) : rows(rows), k(k) {
  uint32_t state = 1;
  const auto next = [&state] { // a linear congruence, -1 .. 1
    state = state * 1664525 + 1013904223;
    return float(int32_t(state)) * 0x1p-31f;
  };
  a.resize(size_t(rows) * k);
  b.resize(size_t(kTile) * k);
  a8.resize(a.count);
  b8.resize(b.count);
  for (size_t i = 0; i < a.count; ++i) {
    a8.data[i] = toF8E4M3(next());
    a.data[i] = toBF16(toFloat(a8.data[i]));
  }
  for (size_t i = 0; i < b.count; ++i) {
    b8.data[i] = toF8E4M3(next());
    b.data[i] = toBF16(toFloat(b8.data[i]));
  }
  for (uint32_t i = 0; i < 4; ++i) {
    const std::string wrong = emu::encodeTensorMap(
        maps[i], {0, i % 2 ? b8.data : a8.data, k, i % 2 ? kTile : rows, k, 128,
                  kTile, 1, i < 2});
    if (!wrong.empty()) {
      std::fprintf(stderr, "tensor map: %s\n", wrong.c_str());
      std::abort();
    }
  }
}

emu::Result Problem::run(const SmallKernel &kernel, Mistake mistake,
                         emu::Completion completion, uint64_t seed) {
  sums.assign(size_t(kTile) * kTile, NAN);
  const SmallCall call{mistake, rows,    k,    a.data,     b.data,
                       a8.data, b8.data, maps, sums.data()};
  emu::Options options;
  options.architecture = kernel.architecture;
  options.completion = completion;
  options.seed = seed;
  options.name = kernel.name;
  options.memory = {{a.data, a.count * sizeof(bf16), false},
                    {b.data, b.count * sizeof(bf16), false},
                    {a8.data, a8.count, false},
                    {b8.data, b8.count, false},
                    {sums.data(), sums.size() * sizeof(float), true}};
  return emu::launch(kernel.function, call, {0, 2, 2}, kernel.threads,
                     kernel.sharedBytes, options);
}

std::vector<double> Problem::wanted(const SmallKernel &kernel) const {
  if (std::strcmp(kernel.name, "reduceRow") == 0) {
    double sum = 0;
    for (uint32_t i = 0; i < k; ++i)
      sum += toFloat(a.data[i]);
    return {sum};
  }
  std::vector<double> want(size_t(kTile) * kTile);
  for (uint32_t row = 0; row < rows; ++row)
    for (uint32_t column = 0; column < kTile; ++column)
      for (uint32_t i = 0; i < k; ++i)
        want[row * kTile + column] +=
            double(toFloat(a.data[size_t(row) * k + i])) *
            toFloat(b.data[size_t(column) * k + i]);
  return want;
}

double Problem::tolerance(const SmallKernel &kernel) const {
  // Terms are below 1: each of k additions cuts at most the last bit of a sum
  // below k, of 13 bits in f8e4m3fn multiplications and of 23 otherwise.
  const bool f8 = kernel.architecture == emu::Architecture::SM90a;
  return double(k) * k * (f8 ? 0x1p-13 : 0x1p-23);
}

} // namespace ds::kernels::test
