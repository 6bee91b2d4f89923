// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/exec/StepRunner.h"

namespace ds::rt {

StepRunner::StepRunner(const PlanView &plan, const Bindings &at,
                       ThreadPool &pool)
    : pool_(pool), workspaces_(at.workspaces.begin(), at.workspaces.end()),
      slotWeights_(slotWeights(plan, at.weights)) {
  for (const EntryRecord &entry : plan.entries)
    for (const CallRecord &call :
         plan.calls.subspan(entry.firstCall, entry.calls))
      append(plan, at, call, entries_[size_t(entry.kind)]);
}

void StepRunner::append(const PlanView &plan, const Bindings &at,
                        const CallRecord &call, std::vector<Step> &steps) {
  const BodyRecord &body = plan.bodies[call.body];
  bool meet = !steps.empty(); // a run begins together
  for (const StepRecord &step :
       plan.steps.subspan(body.firstStep, body.steps)) {
    steps.push_back({.kernel = at.kernels[step.kernel],
                     .firstOperand = operands_.size(),
                     .meetBefore = meet || (step.flags & kStepBarrier)});
    meet = false;
    for (const ArgRecord &argument :
         plan.arguments.subspan(step.firstArgument, step.arguments))
      operands_.push_back(operandOf(plan, call, argument,
                                    {.states = at.states,
                                     .scratch = at.scratch,
                                     .host = at.host,
                                     .slotWeights = slotWeights_,
                                     .slotList = slotWeights_.data()}));
  }
}

void StepRunner::run(EntryKind entry, const Batch &batch) {
  const std::vector<Step> &steps = entries_[size_t(entry)];
  pool_.run([&](uint32_t worker, uint32_t workers) {
    for (const Step &step : steps) {
      if (step.meetBefore)
        pool_.barrier().wait();
      uint64_t tiles = step.kernel.tiles(&batch);
      uint32_t begin = uint32_t(tiles * worker / workers);
      uint32_t end = uint32_t(tiles * (worker + 1) / workers);
      if (begin == end)
        continue;
      Call call{.batch = &batch,
                .operands = operands_.data() + step.firstOperand,
                .workspace = workspaces_[worker]};
      step.kernel.run(&call, begin, end);
    }
  });
}

} // namespace ds::rt
