// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernels/Catalog.h"
#include "kernels/Contracts.h"
#include <algorithm>
#include <array>
#include <functional>
#include <type_traits>

namespace ds::kernels {
namespace {

/// The spelling of a field in IR, from the one in C++.
struct SnakeName {
  char text[32] = {};
  size_t size = 0;

  consteval SnakeName(const char *camel) {
    for (; *camel; ++camel) {
      bool upper = *camel >= 'A' && *camel <= 'Z';
      if (upper)
        text[size++] = '_';
      text[size++] = upper ? char(*camel - 'A' + 'a') : *camel;
    }
  }
};

template <SnakeName name>
constexpr std::string_view kSnakeName{name.text, name.size};

template <class Shape>
struct Fields;

#define FIELD(type, name)                                                      \
  ShapeField{kSnakeName<SnakeName(#name)>, std::is_same_v<type, float>},
#define FAMILY(Name, folder, camel, SHAPE)                                     \
  template <>                                                                  \
  struct Fields<Name##Shape> {                                                 \
    static constexpr ShapeField list[] = {SHAPE(FIELD)};                       \
    static_assert(sizeof(Name##Shape) == 4 * std::size(list));                 \
  };
#include "kernels/Families.def"
#undef FIELD

enum FamilyIndex : size_t {
#define FAMILY(Name, folder, camel, SHAPE) k##Name,
#include "kernels/Families.def"
};

constexpr Family kFamilies[] = {
#define FAMILY(Name, folder, camel, SHAPE)                                     \
  Family{#folder, Fields<Name##Shape>::list,                                   \
         [](const void *shape) -> uint64_t {                                   \
           return camel##Workspace(*static_cast<const Name##Shape *>(shape));  \
         },                                                                    \
         [](const void *shape, uint64_t rows) -> Work {                        \
           return camel##Work(*static_cast<const Name##Shape *>(shape), rows); \
         }},
#include "kernels/Families.def"
};

constexpr KernelRow kRows[] = {
#define KERNEL(row, Name, activation, weights, level)                          \
  KernelRow{#row, &kFamilies[k##Name], Activation::activation,                 \
            Weights::weights, Level::level},
#include "kernels/Rows.def"
};

template <size_t n>
constexpr std::array<LevelInfo, n> byRank(const LevelInfo (&list)[n]) {
  auto sorted = std::to_array(list);
  std::ranges::sort(sorted, std::ranges::greater(), &LevelInfo::rank);
  return sorted;
}

constexpr auto kLevels = byRank({
#define LEVEL(enumerator, name, rank, flags, features)                         \
  LevelInfo{Level::enumerator, #name, rank, flags, features},
#include "kernels/base/Levels.def"
});

constexpr auto kArchitectures = byRank({
#define ARCHITECTURE(enumerator, name, rank, major, minor, hasFP8)             \
  LevelInfo{Level::enumerator, #name, rank, "", #major "." #minor,             \
            Processor::GPU, hasFP8},
#include "kernels/base/Architectures.def"
});

template <class T>
const T *find(std::span<const T> list, std::string_view name) {
  auto found = std::ranges::find(list, name, &T::name);
  return found == list.end() ? nullptr : &*found;
}

} // namespace

std::span<const Family> families() { return kFamilies; }
std::span<const LevelInfo> levels() { return kLevels; }
std::span<const LevelInfo> architectures() { return kArchitectures; }
std::span<const KernelRow> kernelRows() { return kRows; }

const Family *findFamily(std::string_view name) {
  return find(families(), name);
}
const KernelRow *findRow(std::string_view name) {
  return find(kernelRows(), name);
}
const LevelInfo *findLevel(std::string_view name) {
  const LevelInfo *cpu = find(levels(), name);
  return cpu ? cpu : find(architectures(), name);
}

bool isIn(const KernelRow &row, Level level) {
  Level common = level < Level::CUDA ? Level::Generic : Level::CUDA;
  return row.level == common || row.level == level;
}

std::string_view nameOf(Level level) {
  for (std::span<const LevelInfo> list : {levels(), architectures()})
    for (const LevelInfo &info : list)
      if (info.level == level)
        return info.name;
  return level == Level::CUDA ? "cuda" : "generic";
}

std::string_view nameOf(Activation activation) {
  switch (activation) {
  case Activation::None:
    return "none";
  case Activation::BF16:
    return "bf16";
  case Activation::F32:
    return "f32";
  case Activation::F8E4M3Group128:
    return "f8e4m3fn";
  }
  __builtin_unreachable();
}

std::string_view nameOf(Weights weights) {
  switch (weights) {
  case Weights::None:
    return "none";
  case Weights::BF16:
    return "bf16";
  case Weights::F8E4M3Block128:
    return "f8e4m3fn_bs128";
  }
  __builtin_unreachable();
}

} // namespace ds::kernels
