// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/Compiler.h"
#include "kernels/Catalog.h"
#include "runtime/device/CPUFeatures.h"
#include "tools/dsc/Commands.h"
#include "tools/dsc/FindTools.h"
#include "tools/dsc/Interrupt.h"
#include "tools/dsc/MachineMemory.h"
#include "tools/dsc/PhaseProgress.h"
#include "tools/dsc/Print.h"
#include "tools/dsc/Sizes.h"
#include <chrono>
#include <llvm/Support/raw_ostream.h>
#include <unistd.h>

namespace ds {
namespace {

using Clock = std::chrono::steady_clock;

PhaseDisplay displayOf(const CompileCommand &command) {
  if (command.quiet)
    return PhaseDisplay::None;
  // Where the compiler itself writes to the terminal, a bar is in its way.
  bool isTalking = command.verbose || command.options.explain ||
                   command.options.output == "-";
  return isTalking ? PhaseDisplay::Lines : PhaseDisplay::Bar;
}

/// "fits" when the memory that this machine lets a process have holds the total;
/// weights are mapped, so they count like everything else once they have been
/// read. What other programs take of it is not the plan's concern: it may run
/// later.
std::string fits(const rt::BudgetRecord &budget) {
  uint64_t memory = availableMemory().total;
  if (!memory)
    return "this machine's memory is unknown";
  return fmt::format("{} {} of this machine",
                     budget.total <= memory ? "fits the" : "does NOT fit the",
                     bytesText(memory));
}

void printBox(const CompileCommand &command, const CompileReport &report,
              double seconds) {
  const rt::BudgetRecord &b = report.budget;
  auto line = [](std::string_view name, const std::string &text) {
    printError("  {:<10} {}\n", name, text);
  };
  printError("\n{}\n", command.options.output);
  line("model", report.model);
  line("plan", fmt::format("{}; {} {} tensors, {} in {} shards",
                           bytesText(report.planBytes),
                           report.bundled ? "carries" : "refers to",
                           report.tensors,
                           bytesText(b.weights), report.shards));
  const ByteAccount &account = report.bytesOfShards;
  line("shards", fmt::format("{} B of data = {} B used + {} B not used",
                             account.stored, account.used,
                             account.unusedBytes()));
  for (const UnusedTensors &group : account.unused)
    line("not used", fmt::format("{} B: {} tensors {}", group.bytes,
                                 group.tensors, group.what));
  line("memory",
       fmt::format("{} at {} tokens: weights {}, state {} ({} B/token), "
                   "scratch {}, rest {}",
                   bytesText(b.total), report.context, bytesText(b.weights),
                   bytesText(b.state), b.statePerToken, bytesText(b.scratch),
                   bytesText(b.host + b.workspacePerWorker)));
  line("", command.options.target.isGPU() ? "all of it on the GPU"
                                          : fits(b));
  line("scratch",
       fmt::format("lower bound {}, gap {:.1f} %",
                   bytesText(b.scratchLowerBound),
                   b.scratchLowerBound
                       ? 100.0 * double(b.scratch - b.scratchLowerBound) /
                             double(b.scratchLowerBound)
                       : 0.0));
  line("kernels",
       fmt::format("{} instances of {} rows for {}", report.kernelInstances,
                   report.kernels.size(), fmt::join(report.levels, ", ")));
  if (command.verbose)
    for (const std::string &row : report.kernels)
      line("", row);
  line("chat", report.hasTokenizer ? report.chatFormat
                                   : "no tokenizer.json: token ids only");
  for (const std::string &note : report.notes)
    line("note", note);
  if (command.verbose)
    for (const std::string &detail : report.details)
      line("detail", detail);
  line("time", fmt::format("{:.2f} s", seconds));
}

/// The best level that this machine runs.
Result<std::string> hostLevel() {
  rt::CPUFeatures features = rt::CPUFeatures::host();
  for (const kernels::LevelInfo &level : kernels::levels())
    if (features.missing(level.features).empty())
      return std::string(level.name);
  const kernels::LevelInfo &lowest = kernels::levels().back();
  return Error{.code = ErrorCode::CPUFeatureMissing,
               .subject = "this CPU",
               .found = fmt::format(
                   "no {}", fmt::join(features.missing(lowest.features), ", ")),
               .expected = fmt::format("what {} needs", lowest.name),
               .help = "--cpu LEVEL compiles for another machine"};
}

/// Bytes would do a terminal no good.
Status checkTerminal(const CompileOptions &options) {
  bool isBinary = options.emission == Emission::Cubin ||
                  options.emission == Emission::SharedObject;
  if (!isBinary || options.output != "-" || !::isatty(STDOUT_FILENO))
    return Status::ok();
  return Error{.code = ErrorCode::UsageError,
               .subject = "-o",
               .found = "- on a terminal",
               .expected = "a file, or a pipe: the output is binary"};
}

} // namespace

Status runCompile(const CompileCommand &command) {
  DS_TRY(checkTerminal(command.options));
  auto begin = Clock::now();
  PhaseProgress progress(displayOf(command));
  endCleanlyOnSignals(command.options.output, progress.hasBar());
  CompileOptions options = command.options;
  options.compiler = "dsc " DS_VERSION;
  if (options.target.levels.empty()) {
    DS_ASSIGN(std::string level, hostLevel());
    options.target.levels = {level};
  }
  if (options.target.isGPU()) {
    options.tools.clang = clangPath();
    if (options.target.kind == TargetKind::CUDA)
      options.tools.nvrtc = nvrtcPlaces();
    if (command.useCache)
      options.tools.cacheFolder = cacheFolder();
  }
  Result<CompileReport> compiled = compile(
      options, [&](std::string_view phase) { progress.begin(phase); });
  progress.end();
  // LLVM would end the process where it could not write to standard error.
  llvm::errs().clear_error();
  DS_ASSIGN(CompileReport report, std::move(compiled));
  terminal::print(report.text);
  if (!command.quiet && !command.options.stopAfter)
    printBox(command, report,
             std::chrono::duration<double>(Clock::now() - begin).count());
  return Status::ok();
}

} // namespace ds
