// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/dev/gpu_day/Reference.h"
#include "kernels/Contracts.h"
#include "kernels/base/Types.h"
#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <limits>
#include <thread>

namespace ds::day {
using namespace kernels;

#define FOR_Generic(name, Family) DS_DECLARE_KERNEL(name, Family##Shape)
#define FOR_AVX2(name, Family)
#define FOR_AVX512(name, Family)
#define FOR_AVX512BF16(name, Family)
#define FOR_CUDA(name, Family)
#define FOR_SM80(name, Family)
#define FOR_SM89(name, Family)
#define FOR_SM90A(name, Family)
#define FOR_SM100A(name, Family)
#define KERNEL(name, Family, activation, weights, level)                       \
  FOR_##level(name, Family)
#include "kernels/Rows.def"
#undef FOR_Generic

namespace {

struct ReferenceRow {
  std::string_view name;
  void (*run)(const void *shape, const Call *call, uint32_t begin,
              uint32_t end);
  uint32_t (*tiles)(const void *shape, const Batch *batch);
};

const ReferenceRow kReferences[] = {
#define FOR_Generic(name, Family)                                              \
  {#name,                                                                      \
   [](const void *shape, const Call *call, uint32_t begin, uint32_t end) {     \
     name(static_cast<const Family##Shape *>(shape), call, begin, end);        \
   },                                                                          \
   [](const void *shape, const Batch *batch) {                                 \
     return name##_tiles(static_cast<const Family##Shape *>(shape), batch);    \
   }},
#define KERNEL(name, Family, activation, weights, level)                       \
  FOR_##level(name, Family)
#include "kernels/Rows.def"
};

float valueAt(const Bytes &bytes, size_t index, Element element) {
  if (element == Element::BF16) {
    bf16 value;
    std::memcpy(&value, bytes.data() + 2 * index, 2);
    return toFloat(value);
  }
  float value;
  std::memcpy(&value, bytes.data() + 4 * index, 4);
  return value;
}

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Codes times the scales behind them, of rows of whole groups.
double errorOfCodes(const Bytes &got, const Bytes &gotScales, const Bytes &want,
                    const Bytes &wantScales) {
  double squares = 0, errors = 0;
  for (size_t i = 0; i < want.size(); ++i) {
    const size_t group = i / 128;
    double wanted = double(toFloat(f8e4m3fn{want[i]})) *
                    valueAt(wantScales, group, Element::F32);
    double found = double(toFloat(f8e4m3fn{got[i]})) *
                   valueAt(gotScales, group, Element::F32);
    squares += wanted * wanted;
    errors += (found - wanted) * (found - wanted);
  }
  return std::isnan(errors) ? kInfinity : std::sqrt(errors / squares);
}

double errorOf(const Operand &operand) {
  if (operand.onDevice == Element::U32)
    return *operand.device == *operand.reference ? 0 : kInfinity;
  const size_t count = operand.reference->size() /
                       (operand.inReference == Element::BF16 ? 2 : 4);
  double squares = 0, worst = 0;
  for (size_t i = 0; i < count; ++i) {
    double want = valueAt(*operand.reference, i, operand.inReference);
    squares += want * want;
  }
  const double mean = std::sqrt(squares / double(count));
  for (size_t i = 0; i < count; ++i) {
    double want = valueAt(*operand.reference, i, operand.inReference);
    double got = valueAt(*operand.device, i, operand.onDevice);
    double error =
        got == want ? 0 : std::abs(got - want) / std::max(std::abs(want), mean);
    if (!(error <= worst)) // NaN too
      worst = std::isnan(error) ? kInfinity : error;
  }
  return worst;
}

} // namespace

void runReference(const KernelRow &row, const void *shape, const Run &run,
                  std::vector<Operand> &operands) {
  const auto *reference =
      std::find_if(std::begin(kReferences), std::end(kReferences),
                   [&](const ReferenceRow &r) { return r.name == row.name; });
  const Batch batch = run.view();
  std::vector<std::vector<void *>> lists;
  std::vector<void *> pointers;
  for (Operand &operand : operands) {
    if (operand.list.empty()) {
      pointers.push_back(operand.reference->data());
      continue;
    }
    std::vector<void *> list;
    for (auto &bytes : operand.list)
      list.push_back(bytes->data());
    lists.push_back(std::move(list));
    pointers.push_back(lists.back().data());
  }
  const uint32_t tiles = reference->tiles(shape, &batch);
  std::atomic<uint32_t> next{0};
  std::vector<std::thread> threads;
  for (uint32_t i = 0; i < std::max(1u, std::thread::hardware_concurrency());
       ++i)
    threads.emplace_back([&] {
      Bytes workspace(row.family->workspace(shape) + 64);
      const Call call{&batch, pointers.data(),
                      reinterpret_cast<void *>(
                          (reinterpret_cast<uintptr_t>(workspace.data()) + 63) &
                          ~uintptr_t(63))};
      for (uint32_t tile; (tile = next++) < tiles;)
        reference->run(shape, &call, tile, tile + 1);
    });
  for (std::thread &thread : threads)
    thread.join();
}

double errorOf(const std::vector<Operand> &operands) {
  double worst = 0;
  for (size_t i = 0; i < operands.size(); ++i) {
    const Operand &each = operands[i];
    if (!each.isOutput)
      continue;
    worst = std::max(
        worst, each.onDevice == Element::F8
                   ? errorOfCodes(*each.device, *operands[i + 1].device,
                                  *each.reference, *operands[i + 1].reference)
                   : errorOf(each));
  }
  return worst;
}

double toleranceOf(const KernelRow &row, const std::vector<Operand> &operands) {
  if (row.family->name == "quantize")
    return 0;
  for (const Operand &each : operands)
    if (each.isOutput && each.onDevice == Element::F8)
      return 0x1p-5;
  if (row.activation == Activation::F8E4M3Group128)
    return 0x1p-7;
  return row.activation == Activation::BF16 ? 0x1p-6 : 0x1p-13;
}

} // namespace ds::day
