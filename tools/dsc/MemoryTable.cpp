// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/dsc/MemoryTable.h"
#include <set>

namespace ds {

std::vector<ContextMemory> memoryByContext(const rt::PlanView &plan) {
  const rt::ModelRecord &model = plan.model[0];
  const rt::BudgetRecord &budget = plan.budget[0];
  std::set<uint32_t> contexts = {model.context};
  if (!plan.isForGPU()) {
    contexts.insert(model.maxPositions);
    for (uint32_t common : {1024u, 4096u, 16384u, 32768u, 65536u, 131072u})
      if (common < model.maxPositions)
        contexts.insert(common);
  }
  std::vector<ContextMemory> table;
  for (uint32_t context : contexts) {
    uint64_t page = model.pageTokens;
    uint64_t pages = (context + page - 1) / page;
    uint64_t state = pages * page * budget.statePerToken;
    table.push_back({context, state, budget.total - budget.state + state});
  }
  return table;
}

} // namespace ds
