// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/pipeline/Target.h"
#include <algorithm>
#include <fmt/format.h>

namespace ds {

std::string_view nameOf(TargetKind kind) {
  constexpr std::string_view names[] = {"cpu", "cuda", "cuda-emu"};
  return names[size_t(kind)];
}

Result<Levels> levelsOf(const Target &target) {
  auto all = target.isGPU() ? kernels::architectures() : kernels::levels();
  auto wrong = [&](std::string found) {
    return Error{.code = ErrorCode::UsageError,
                 .subject = target.isGPU() ? "--sm" : "--cpu",
                 .found = std::move(found),
                 .expected =
                     target.isGPU() ? "a CUDA architecture" : "a CPU level"};
  };
  for (const std::string &name : target.levels)
    if (std::ranges::find(all, name, &kernels::LevelInfo::name) == all.end())
      return wrong(name);
  Levels levels;
  for (const kernels::LevelInfo &info : all)
    if (std::ranges::find(target.levels, info.name) != target.levels.end())
      levels.push_back(&info);
  if (levels.empty())
    return wrong("nothing");
  return levels;
}

MLAForm usualForm(const Levels &levels) {
  auto hasExpanded = [](const kernels::LevelInfo *level) {
    return std::ranges::any_of(
        kernels::kernelRows(), [&](const kernels::KernelRow &row) {
          return row.family->name == "attention_prefill" &&
                 kernels::isIn(row, level->level);
        });
  };
  return std::ranges::all_of(levels, hasExpanded) ? MLAForm::ByPhase
                                                  : MLAForm::Absorbed;
}

TargetDescription describeTarget(const CompileOptions &options) {
  std::string_view rows =
      options.kernels == KernelChoice::Reference ? "f32" : "bf16";
  auto hasFP8 = [](const std::string &level) {
    return kernels::findLevel(level)->hasFP8;
  };
  bool isFP8 = options.activations == Activations::OfTarget
                   ? std::ranges::all_of(options.target.levels, hasFP8)
                   : options.activations == Activations::FP8;
  return {.activations = isFP8 ? "fp8" : rows,
          .rest = rows,
          .fusesCalls = options.fuse.value_or(options.target.isGPU())};
}

std::string textOf(const Target &target) {
  if (!target.isGPU())
    return fmt::format("--cpu={}", fmt::join(target.levels, ","));
  std::string names;
  for (std::string_view level : target.levels) {
    names += names.empty() ? "" : ",";
    names += level.substr(kernels::kArchitecturePrefix.size());
  }
  return fmt::format("--target={} --sm={}", nameOf(target.kind), names);
}

} // namespace ds
