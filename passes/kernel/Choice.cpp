// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/kernel/Choice.h"
#include "kernels/LaunchTable.h"
#include <algorithm>

namespace ds::kernel {
namespace {

/// What one core, or a whole GPU, does in a microsecond, roughly; only the order
/// of the rows that one level can run matters. Products of bf16 pairs count for
/// the last CPU level, dense bf16 products of A100, L40S, H100 and B200 and their
/// memory for the GPUs.
struct Rate {
  kernels::Level level;
  double flops, bytes;
};
constexpr Rate kRates[] = {
    {kernels::Level::Generic, 2e3, 1e4},
    {kernels::Level::AVX2, 3e4, 1e4},
    {kernels::Level::AVX512, 6e4, 1e4},
    {kernels::Level::AVX512BF16, 1e5, 1e4},
    {kernels::Level::CUDA, 2e8, 8e5},
    {kernels::Level::SM80, 3e8, 2e6},
    {kernels::Level::SM89, 3e8, 9e5},
    {kernels::Level::SM90A, 9e8, 3e6},
    {kernels::Level::SM100A, 2e9, 8e6},
};

double microseconds(const kernels::KernelRow &row, const Problem &problem) {
  kernels::Work work = row.family->work(problem.shape.data(), problem.rows);
  uint64_t width = row.weights == kernels::Weights::BF16 ? 2 : 1;
  uint64_t bytes = work.bytes + work.weights * width;
  for (const Rate &rate : kRates)
    if (rate.level == row.level)
      return std::max(double(work.flops) / rate.flops,
                      double(bytes) / rate.bytes);
  return 0;
}

std::string differs(const char *what, std::string_view has,
                    std::string_view wanted) {
  return std::string(what) + " " + std::string(has) + ", not " +
         std::string(wanted);
}

/// Why the row cannot compute the problem; empty: it can.
std::string misfit(const kernels::KernelRow &row, const Problem &problem,
                   kernels::Level level) {
  if (!kernels::isIn(row, level))
    return differs("level", nameOf(row.level), nameOf(level));
  if (row.activation != kernels::Activation::None &&
      problem.activation != kernels::Activation::None &&
      row.activation != problem.activation)
    return differs("activations", nameOf(row.activation),
                   nameOf(problem.activation));
  if (row.weights != kernels::Weights::None && row.weights != problem.weights)
    return differs("weights", nameOf(row.weights), nameOf(problem.weights));
  uint32_t served = kernels::rowsServed(row, problem.shape.data());
  if (served == 0)
    return "not for this shape";
  if (served < problem.mostRows)
    return "serves " + std::to_string(served) + " rows, not " +
           std::to_string(problem.mostRows);
  return {};
}

} // namespace

Choice choose(const Problem &problem, kernels::Level level) {
  Choice choice;
  double best = 0;
  for (const kernels::KernelRow &row : kernels::kernelRows()) {
    if (row.family != problem.family)
      continue;
    Candidate candidate{&row, 0, misfit(row, problem, level)};
    if (candidate.lost.empty()) {
      candidate.microseconds = microseconds(row, problem);
      if (!choice.row || candidate.microseconds < best) {
        choice.row = &row;
        best = candidate.microseconds;
      }
    }
    choice.candidates.push_back(std::move(candidate));
  }
  for (Candidate &candidate : choice.candidates)
    if (candidate.lost.empty() && candidate.row != choice.row)
      candidate.lost = candidate.microseconds > best ? "slower" : "later";
  return choice;
}

} // namespace ds::kernel
