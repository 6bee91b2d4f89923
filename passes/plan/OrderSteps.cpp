// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Orders the steps of a body by the length of the longest chain of dependences
// that ends in them: independent steps, such as those of the shared and of the
// routed experts, then share the time between two barriers.
#include "passes/plan/Passes.h"
#include <llvm/ADT/DenseMap.h>

using namespace mlir;

namespace ds::plan {
#define GEN_PASS_DEF_ORDERSTEPSPASS
#include "passes/plan/Passes.h.inc"

namespace {

/// Deepest step that read, and that wrote, a buffer or a state so far.
struct Touched {
  uint32_t read = 0, written = 0; // depths; 0: none
};

struct OrderSteps : impl::OrderStepsPassBase<OrderSteps> {
  void runOnOperation() override {
    llvm::DenseMap<Attribute, FlatSymbolRefAttr> placeOf;
    for (auto buffer : getOperation().getOps<BufferOp>())
      if (buffer.getPlaceAttr())
        placeOf[FlatSymbolRefAttr::get(buffer.getSymNameAttr())] =
            buffer.getPlaceAttr();
    for (auto body : getOperation().getOps<BodyOp>())
      order(body, placeOf);
  }

  void order(BodyOp body,
             const llvm::DenseMap<Attribute, FlatSymbolRefAttr> &placeOf) {
    llvm::DenseMap<Attribute, Touched> touched;
    // By depth, from 1 on; program order among equals.
    SmallVector<std::tuple<uint32_t, uint32_t, StepOp>> steps;
    for (auto step : body.getSteps().getOps<StepOp>()) {
      uint32_t depth = 1;
      auto args = step.getArguments().getAsRange<ArgAttr>();
      auto touchedBy = [&](ArgAttr arg) -> Touched & {
        FlatSymbolRefAttr place = placeOf.lookup(arg.getSymbol());
        return touched[place ? place : arg.getSymbol()];
      };
      for (ArgAttr arg : args) {
        if (arg.isSlot())
          continue;
        const Touched &before = touchedBy(arg);
        depth = std::max(depth, before.written + 1);
        if (arg.getAccess() == Access::Write)
          depth = std::max(depth, before.read + 1);
      }
      for (ArgAttr arg : args) {
        if (arg.isSlot())
          continue;
        Touched &now = touchedBy(arg);
        uint32_t &mark =
            arg.getAccess() == Access::Write ? now.written : now.read;
        mark = std::max(mark, depth);
      }
      steps.push_back({depth, steps.size(), step});
    }
    llvm::sort(steps, [](auto &a, auto &b) {
      return std::tie(std::get<0>(a), std::get<1>(a)) <
             std::tie(std::get<0>(b), std::get<1>(b));
    });
    uint32_t last = 0;
    for (auto [depth, place, step] : steps) {
      step->remove();
      body.getSteps().front().push_back(step);
      step.setBarrier(depth != last);
      last = depth;
    }
  }
};

} // namespace
} // namespace ds::plan
