// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/plan/BufferLifetimes.h"

using namespace mlir;

namespace ds::plan {

BufferLifetimes::BufferLifetimes(Operation *module) {
  llvm::DenseMap<Attribute, BufferOp> byName;
  for (auto buffer : cast<ModuleOp>(module).getOps<BufferOp>())
    byName[FlatSymbolRefAttr::get(buffer.getSymNameAttr())] = buffer;
  for (auto body : cast<ModuleOp>(module).getOps<BodyOp>()) {
    uint32_t barriers = 0;
    for (auto step : body.getSteps().getOps<StepOp>()) {
      barriers += step.getBarrier();
      for (auto arg : step.getArguments().getAsRange<ArgAttr>()) {
        if (!arg.isBuffer())
          continue;
        BufferOp buffer = byName.lookup(arg.getSymbol());
        if (!buffer || buffer.getStorage() != Storage::Scratch ||
            buffer.getPinned() || buffer.getPlace())
          continue;
        auto [entry, fresh] =
            lifetimes_.try_emplace(buffer, Lifetime{body, barriers, barriers});
        if (fresh)
          buffers_[body].push_back(buffer);
        else if (entry->second.body != body)
          shared_ = buffer;
        entry->second.last = barriers;
      }
    }
  }
}

BufferLifetimes::Lifetime BufferLifetimes::of(BufferOp buffer) const {
  auto found = lifetimes_.find(buffer);
  return found == lifetimes_.end() ? Lifetime{{}, 0, 0} : found->second;
}

ArrayRef<BufferOp> BufferLifetimes::buffersOf(BodyOp body) const {
  auto found = buffers_.find(body);
  return found == buffers_.end() ? ArrayRef<BufferOp>() : found->second;
}

} // namespace ds::plan
