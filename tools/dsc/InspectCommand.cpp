// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/plan/ChatRecord.h"
#include "runtime/plan/Dump.h"
#include "runtime/plan/PlanFile.h"
#include "tools/dsc/Commands.h"
#include "tools/dsc/InspectJson.h"
#include "tools/dsc/KernelReasons.h"
#include "tools/dsc/LayerLaunches.h"
#include "tools/dsc/MemoryTable.h"
#include "tools/dsc/Print.h"
#include "tools/dsc/Sizes.h"
#include <cstring>
#include <map>

namespace ds {
namespace {

using rt::PlanView;

void printSections(const PlanView &plan) {
  printOut("sections\n");
  for (const rt::SectionEntry &entry : plan.table())
    printOut("  {:.4} {:>12} B at {:>10}  {:02x}…\n",
             std::string_view(entry.tag, 4), entry.size, entry.offset,
             fmt::join(entry.digest, entry.digest + 6, ""));
}

void printModel(const PlanView &plan) {
  const rt::ModelRecord &m = plan.model[0];
  printOut("model\n  {}: {} layers ({} MoE), hidden size {}, vocabulary {} "
           "({} real), positions {}\n",
           plan.string(m.family), m.numLayers, m.numMoeLayers, m.hiddenSize,
           m.vocabSize, m.realTokens, m.maxPositions);
  printOut("  context {}, chunk {}, at most {} sequences decoded at once\n",
           m.context, m.chunk, m.decodeTokens);
  std::string_view chat = "no tokenizer: token ids only";
  if (!plan.chat.empty()) {
    rt::ChatRecord record;
    std::memcpy(&record, plan.chat.data(), sizeof record);
    chat = rt::chatFormatName(record.format);
  }
  printOut("  chat format {}; weights in {}\n", chat, plan.string(m.weights));
}

void printBudget(const PlanView &plan) {
  const rt::BudgetRecord &b = plan.budget[0];
  auto line = [](std::string_view name, uint64_t bytes, std::string more = "") {
    printOut("  {:<10} {:>16} B  {:<9} {}\n", name, bytes, bytesText(bytes),
             more);
  };
  printOut("memory at {} tokens of context\n", plan.model[0].context);
  uint64_t stored = 0;
  for (const rt::ShardRecord &shard : plan.shards)
    stored += shard.size - shard.headerSize;
  line("weights", b.weights,
       plan.isForGPU() ? "uploaded" : "mapped");
  line("not used", b.unusedWeights, "of the shards");
  line("shards", stored, "of data");
  line("state", b.state, fmt::format("{} B per token", b.statePerToken));
  line("scratch", b.scratch,
       fmt::format("lower bound {} B, gap {:.1f} %", b.scratchLowerBound,
                   b.scratchLowerBound
                       ? 100.0 * double(b.scratch - b.scratchLowerBound) /
                             double(b.scratchLowerBound)
                       : 0.0));
  line("host", b.host);
  line("workspace", b.workspacePerWorker,
       plan.isForGPU() ? "of the launch that needs most" : "for each thread");
  line("total", b.total, plan.isForGPU() ? "" : "with one thread");
  if (plan.isForGPU()) {
    printOut("memory at another context: dsc compile --ctx N says, workspace "
             "follows it\n");
    return;
  }
  printOut("memory by context, with one thread (dsc compile --ctx N)\n");
  for (const ContextMemory &row : memoryByContext(plan))
    printOut("  {:>7} tokens  state {:<9} total {:<9} {}\n", row.context,
             bytesText(row.state), bytesText(row.total),
             row.context == plan.model[0].context ? "this plan" : "");
}

void printReasons(const PlanView &plan, size_t level, size_t kernel) {
  std::vector<RowReason> reasons = reasonsOf(plan, level, kernel);
  if (reasons.empty())
    printOut("        not known: the plan is of another version of dsc\n");
  for (const RowReason &row : reasons)
    printOut("        {:<40} {}{}\n", row.row, row.reason,
             row.microseconds > 0
                 ? fmt::format(" ({:.1f} us)", row.microseconds)
                 : "");
}

void printKernels(const PlanView &plan, bool why) {
  uint32_t n = plan.kernelsPerLevel();
  for (size_t level = 0; level < plan.levels.size(); ++level) {
    printOut("kernels for {} (needs {})\n",
             plan.string(plan.levels[level].name),
             plan.string(plan.levels[level].features));
    if (why)
      printOut("  rows of the kernel table, with an estimate for {} tokens "
               "on one {}\n",
               kReasonRows,
               plan.isForGPU() ? "GPU" : "core");
    for (uint32_t k = 0; k < n; ++k) {
      const rt::KernelRecord &kernel = plan.kernels[level * n + k];
      printOut("  {:>3} {:<44} {}\n", k, plan.string(kernel.name),
               plan.string(kernel.shape));
      if (why)
        printReasons(plan, level, k);
    }
  }
}

/// "2 x (tokens / 64 + 1)": the grid of a launch.
std::string gridText(const rt::LaunchRecord &launch) {
  std::string rows(rt::nameOf(launch.rows));
  if (launch.perRow != 1)
    rows = fmt::format("{} x {}", launch.perRow, rows);
  if (launch.rowsPerTile != 1)
    rows = fmt::format("{} / {}", rows, launch.rowsPerTile);
  if (launch.extra)
    rows = fmt::format("{} + {}", rows, launch.extra);
  if (launch.columns == 1)
    return rows;
  if (launch.extra)
    rows = "(" + rows + ")";
  return fmt::format("{} x {}", launch.columns, rows);
}

/// For GPUs: what is launched for a layer in decode, of all other bodies how
/// much.
void printLaunches(const PlanView &plan, bool each) {
  for (size_t level = 0; level < plan.levels.size(); ++level) {
    std::vector<BodyLaunches> bodies = bodyLaunches(plan, level);
    if (bodies.empty())
      continue;
    printOut("launches for {}: symbol, blocks, threads of a block, its bytes of "
             "shared memory\n",
             plan.string(plan.levels[level].name));
    for (const BodyLaunches &of : bodies) {
      printOut("  {}: {} launches{}\n", plan.string(of.body->name),
               of.launches.size(),
               of.layers > 1 ? fmt::format(", for each of {} layers", of.layers)
                             : "");
      if (!each && (of.layers < 2 || of.entry != rt::EntryKind::Decode))
        continue;
      size_t number = 0;
      for (const rt::LaunchRecord *launch : of.launches)
        printOut("    {:>2} {:<48} {}, {}, {}\n", ++number,
                 plan.string(launch->symbol), gridText(*launch),
                 launch->threads, launch->sharedBytes);
    }
  }
}

void printStep(const PlanView &plan, const rt::StepRecord &step) {
  printOut("    {} {}", step.flags & rt::kStepBarrier ? "|" : " ",
           plan.string(plan.kernels[step.kernel].name));
  for (const rt::ArgRecord &a :
       plan.arguments.subspan(step.firstArgument, step.arguments)) {
    bool isBuffer = a.kind <= rt::ArgKind::BufferOfOrdinal;
    printOut(" {}{}", a.access & rt::kAccessWrite ? "=>" : "",
             isBuffer ? plan.string(plan.buffers[a.index].name)
             : a.kind == rt::ArgKind::State
                 ? plan.string(plan.states[a.index].name)
                 : fmt::format("{}[{}]", rt::nameOf(a.kind), a.index));
  }
  printOut("\n");
}

void printProgram(const PlanView &plan, bool steps) {
  printOut("bodies\n");
  for (const rt::BodyRecord &body : plan.bodies) {
    auto all = plan.steps.subspan(body.firstStep, body.steps);
    uint32_t barriers = 0;
    for (const rt::StepRecord &step : all)
      barriers += step.flags & rt::kStepBarrier;
    printOut("  {:<16} {:>3} steps, {} barriers\n", plan.string(body.name),
             body.steps, barriers);
    if (steps)
      for (const rt::StepRecord &step : all)
        printStep(plan, step);
  }
  printOut("entries\n");
  for (const rt::EntryRecord &entry : plan.entries) {
    uint64_t count = 0;
    for (const rt::CallRecord &call :
         plan.calls.subspan(entry.firstCall, entry.calls))
      count += plan.bodies[call.body].steps;
    printOut("  {:<16} {:>3} calls, {} steps, at most {} rows\n",
             rt::nameOf(entry.kind), entry.calls, count, entry.maxRows);
  }
}

void printWeights(const PlanView &plan, bool each) {
  struct Sum {
    uint64_t tensors = 0, bytes = 0;
  };
  std::map<std::string_view, Sum> sums;
  for (const rt::WeightRecord &w : plan.weights) {
    Sum &sum = sums[rt::nameOf(w.encoding)];
    ++sum.tensors;
    sum.bytes += w.size;
  }
  printOut("weights\n");
  for (auto &[encoding, sum] : sums)
    printOut("  {:<10} {:>8} tensors {:>16} B\n", encoding, sum.tensors,
             sum.bytes);
  if (!each)
    return;
  for (const rt::WeightRecord &w : plan.weights)
    printOut("  {:<64} {:<9} [{}, {}] {}{} at {}\n", plan.string(w.name),
             rt::nameOf(w.encoding), w.shape[0], w.shape[1],
             rt::nameOf(w.source),
             w.shard == rt::kNone ? "" : fmt::format(" {}", w.shard), w.offset);
}

} // namespace

Status runInspect(const InspectCommand &command) {
  DS_ASSIGN(rt::PlanFile file, rt::PlanFile::open(command.plan));
  const PlanView &plan = file.view();
  if (command.json) {
    printOut("{}", planAsJson(plan));
    return Status::ok();
  }
  printOut("{}: plan format {}.{}, {} bytes, {}\n", command.plan,
           plan.header().major, plan.header().minor, plan.header().fileSize,
           plan.string(plan.provenance[0].compiler));
  printOut("  options {}\n", plan.string(plan.provenance[0].options));
  printModel(plan);
  printBudget(plan);
  printSections(plan);
  printKernels(plan, command.why);
  printProgram(plan, command.steps);
  printLaunches(plan, command.steps);
  printWeights(plan, command.weights);
  return Status::ok();
}

} // namespace ds
