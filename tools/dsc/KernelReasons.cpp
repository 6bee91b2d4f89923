// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/dsc/KernelReasons.h"
#include "passes/kernel/Choice.h"
#include <algorithm>
#include <bit>
#include <charconv>
#include <optional>
#include <string_view>

namespace ds {
namespace {

/// The words of the family's struct, read from "in=192 out=64 eps=1e-06".
std::optional<std::vector<uint32_t>> shapeWords(const kernels::Family &family,
                                                std::string_view text) {
  auto parse = [](std::string_view digits, auto &value) {
    auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return error == std::errc() && end == digits.data() + digits.size();
  };
  std::vector<uint32_t> words;
  for (const kernels::ShapeField &field : family.fields) {
    std::string name = " " + std::string(field.name) + "=";
    std::string padded = " " + std::string(text) + " ";
    size_t at = padded.find(name);
    if (at == padded.npos)
      return std::nullopt;
    at += name.size();
    std::string_view digits =
        std::string_view(padded).substr(at, padded.find(' ', at) - at);
    float real = 0;
    uint32_t whole = 0;
    if (field.isFloat ? !parse(digits, real) : !parse(digits, whole))
      return std::nullopt;
    words.push_back(field.isFloat ? std::bit_cast<uint32_t>(real) : whole);
  }
  return words;
}

/// The most rows of any run in which a step calls the kernel.
uint32_t mostRowsOf(const rt::PlanView &plan, size_t kernel) {
  uint32_t most = 0;
  for (const rt::EntryRecord &entry : plan.entries)
    for (const rt::CallRecord &call :
         plan.calls.subspan(entry.firstCall, entry.calls)) {
      const rt::BodyRecord &body = plan.bodies[call.body];
      for (const rt::StepRecord &step :
           plan.steps.subspan(body.firstStep, body.steps))
        if (step.kernel == kernel)
          most = std::max(most, entry.maxRows);
    }
  return most;
}

} // namespace

std::vector<RowReason> reasonsOf(const rt::PlanView &plan, size_t level,
                                 size_t kernel) {
  const rt::KernelRecord &record =
      plan.kernels[level * plan.kernelsPerLevel() + kernel];
  const kernels::KernelRow *row = kernels::findRow(plan.string(record.name));
  const kernels::LevelInfo *info =
      kernels::findLevel(plan.string(plan.levels[level].name));
  if (!row || !info)
    return {};
  auto words = shapeWords(*row->family, plan.string(record.shape));
  if (!words)
    return {};
  kernel::Problem problem{row->family, row->activation, row->weights, *words,
                          kReasonRows, mostRowsOf(plan, kernel)};
  kernel::Choice choice = kernel::choose(problem, info->level);
  if (choice.row != row)
    return {};
  std::vector<RowReason> reasons;
  for (const kernel::Candidate &candidate : choice.candidates)
    reasons.push_back({std::string(candidate.row->name),
                       candidate.lost.empty() ? "chosen" : candidate.lost,
                       candidate.microseconds});
  return reasons;
}

} // namespace ds
