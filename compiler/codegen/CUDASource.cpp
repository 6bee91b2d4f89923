// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/CUDASource.h"
#include "compiler/codegen/InlineIncludes.h"
#include <algorithm>
#include <bit>
#include <cctype>
#include <cmath>
#include <fmt/format.h>
#include <optional>

namespace ds {
namespace {

constexpr std::string_view kBegin = R"(

//===-- kernels of the plan

namespace ds::kernels::cuda {
)";

constexpr std::string_view kEnd = R"(
} // namespace ds::kernels::cuda
)";

/// The name in C++ of a field of the IR: in_stride is inStride.
std::string camel(std::string_view snake) {
  std::string name;
  for (size_t i = 0; i < snake.size(); ++i)
    name += snake[i] != '_' ? snake[i]
                            : char(std::toupper((unsigned char)snake[++i]));
  return name;
}

/// A literal of exactly this value; nothing for infinities and NaN.
std::optional<std::string> literal(const kernels::ShapeField &field,
                                   uint32_t word) {
  if (!field.isFloat)
    return fmt::format("{}", word);
  float value = std::bit_cast<float>(word);
  if (!std::isfinite(value))
    return std::nullopt;
  return fmt::format("{:a}f", value);
}

/// `text` after `first`, in lines of at most 80 columns that begin with `next`.
std::string wrapped(std::string_view first, std::string_view next,
                    std::span<const std::string> words,
                    std::string_view between, std::string_view last) {
  std::string text(first);
  size_t column = first.size();
  for (size_t i = 0; i < words.size(); ++i) {
    std::string word = words[i];
    word += i + 1 < words.size() ? between : last;
    size_t width = word.size() - (word.ends_with(' ') ? 1 : 0);
    if (i > 0 && column + width > 80) {
      while (text.ends_with(' '))
        text.pop_back();
      text += '\n';
      text += next;
      column = next.size();
    }
    text += word;
    column += word.size();
  }
  return text + "\n";
}

/// Which op of the model the kernel came from, and who calls it.
std::string comment(const KernelInstance &instance) {
  std::string text = "\n";
  if (!instance.op.empty())
    text += wrapped("// ", "//   ", {{instance.op}}, "", "");
  if (!instance.callers.empty())
    text += wrapped("// called by ", "//   ", instance.callers, ", ", "");
  return text;
}

Result<std::string> function(size_t kernel, const KernelInstance &instance,
                             const kernels::KernelRow &row, size_t number) {
  const kernels::Launch &launch = kernels::launchesOf(row)[number];
  std::vector<std::string> fields;
  for (size_t i = 0; i < row.family->fields.size(); ++i) {
    const kernels::ShapeField &field = row.family->fields[i];
    auto value = literal(field, instance.shape[i]);
    if (!value)
      return Error{.code = ErrorCode::InternalError,
                   .subject = fmt::format("{}: {} is not finite", row.name,
                                          field.name)};
    fields.push_back(fmt::format(".{} = {}", camel(field.name), *value));
  }
  std::string text =
      fmt::format("DS_CUDA_KERNEL({}, {}) {{\n",
                  launchSymbol(kernel, row, number), launch.threads);
  text += wrapped(fmt::format("  constexpr {} shape{{", launch.shape), "      ",
                  fields, ", ", "};");
  return text + fmt::format("  {}(shape, call);\n}}\n", launch.body);
}

} // namespace

std::string launchSymbol(size_t kernel, const kernels::KernelRow &row,
                         size_t launch) {
  return fmt::format("k{}_{}{}", kernel, row.name, launch ? "_then" : "");
}

std::vector<std::vector<BoundLaunch>>
boundLaunches(std::span<const KernelInstance> instances) {
  std::vector<std::vector<BoundLaunch>> all;
  for (size_t i = 0; i < instances.size(); ++i) {
    const kernels::KernelRow &row = *kernels::findRow(instances[i].row);
    const void *shape = instances[i].shape.data();
    std::vector<BoundLaunch> &launches = all.emplace_back();
    for (const kernels::Launch &launch : kernels::launchesOf(row))
      launches.push_back({launchSymbol(i, row, launches.size()), launch.threads,
                          launch.sharedBytes(shape), launch.tiles(shape),
                          launch.maps(shape)});
  }
  return all;
}

Result<std::string> cudaSource(const kernels::LevelInfo &level,
                               std::span<const KernelInstance> instances,
                               std::span<const KernelSource> sources) {
  std::vector<std::string_view> headers;
  std::string functions;
  for (size_t i = 0; i < instances.size(); ++i) {
    const kernels::KernelRow *row = kernels::findRow(instances[i].row);
    if (!row || !kernels::isIn(*row, level.level) ||
        kernels::launchesOf(*row).empty())
      return Error{.code = ErrorCode::InternalError,
                   .subject = fmt::format("no launch of {} for {}",
                                          instances[i].row, level.name)};
    functions += comment(instances[i]);
    for (size_t n = 0; n < kernels::launchesOf(*row).size(); ++n) {
      headers.push_back(kernels::launchesOf(*row)[n].header);
      DS_ASSIGN(std::string text, function(i, instances[i], *row, n));
      functions += text;
    }
  }
  headers.push_back("kernels/base/Entry.cuh");
  std::ranges::sort(headers);
  DS_ASSIGN(std::string text, inlineIncludes(headers, sources));
  text.pop_back(); // the last line's end
  return fmt::format("// SPDX-License-Identifier: Apache-2.0 WITH "
                     "LLVM-exception\n// The kernels of a plan ({}) for {}: "
                     "headers, then a function for each launch.\n",
                     instances.size(), level.name) +
         text + std::string(kBegin) + functions + std::string(kEnd);
}

} // namespace ds
