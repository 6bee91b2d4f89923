// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The one call that dsc makes.
#pragma once
#include "compiler/Options.h"
#include "compiler/emit/ByteAccount.h"
#include "runtime/base/Status.h"
#include "runtime/plan/Records.h"
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace ds {

/// What the closing box shows.
struct CompileReport {
  std::string model; // "deepseek_v3, 6 layers (5 MoE)"
  uint64_t planBytes = 0; // of the file
  bool bundled = false;   // the plan carries its weights
  uint64_t tensors = 0, shards = 0;
  rt::BudgetRecord budget{};
  ByteAccount bytesOfShards;
  uint32_t context = 0;             // tokens
  std::vector<std::string> levels;  // "avx512bf16", "avx2": best first
  std::vector<std::string> kernels; // distinct rows of all levels, sorted
  uint32_t kernelInstances = 0;     // of each level
  std::string chatFormat; // "r1", "v3", "none", "unknown"
  bool hasTokenizer = false;
  std::vector<std::string> notes;   // things worth a line, in order
  std::vector<std::string> details; // what the notes count, one by one
  std::string text; // with stopAfter, for the output "-"
};

/// Called as each phase begins: its name, for progress lines.
using PhaseCallback = std::function<void(std::string_view phase)>;

/// Compiles and writes the plan atomically: until this returns success an
/// existing output keeps its bytes. With stopAfter it writes IR instead or, for
/// the output "-", returns it. Reads no weight bytes without checkWeights or
/// bundle. Errors: those of the checkpoint reader, of options that contradict
/// the model, and of writing.
Result<CompileReport> compile(const CompileOptions &options,
                              const PhaseCallback &onPhase);

/// Name of a stage, as --stop-after spells it.
std::string_view nameOf(Stage stage);
std::optional<Stage> findStage(std::string_view name);

} // namespace ds
