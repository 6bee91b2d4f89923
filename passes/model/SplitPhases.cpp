// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Makes one program per phase, so that later passes choose forms per phase by
// looking at one function: @forward and the functions of the layer kinds are
// copied once per phase. @extend (a few drafted tokens per sequence) is not
// made yet: nothing drafts before the MTP layer is compiled.
#include "dialects/DS/DS.h"
#include "passes/model/LeftOver.h"
#include "passes/model/Passes.h"
#include <mlir/Dialect/Func/IR/FuncOps.h>
#include <mlir/IR/Builders.h>

using namespace mlir;

namespace ds {
#define GEN_PASS_DEF_SPLITPHASESPASS
#include "passes/model/Passes.h.inc"

namespace {

constexpr StringLiteral kPhases[] = {"prefill", "decode"};

func::FuncOp copyFor(StringRef phase, func::FuncOp function, StringRef name) {
  OpBuilder builder(function);
  auto copy = cast<func::FuncOp>(builder.clone(*function));
  copy.setName(name);
  copy->setAttr(DSDialect::kPhaseAttr, builder.getStringAttr(phase));
  return copy;
}

/// "prefill_dense".
std::string nameFor(StringRef phase, func::FuncOp layer) {
  auto kind = layer->getAttrOfType<StringAttr>(DSDialect::kLayerKindAttr);
  return (phase + "_" + kind.getValue()).str();
}

void dropTaps(func::FuncOp function) {
  function.walk([](Operation *op) {
    if (isa<TapOp, TapExpertsOp>(op))
      op->erase();
  });
}

/// Makes @PHASE and its layer functions.
void addPhase(StringRef phase, func::FuncOp forward,
              ArrayRef<func::FuncOp> layers) {
  func::FuncOp entry = copyFor(phase, forward, phase);
  llvm::StringMap<std::string> newNames;
  SmallVector<func::FuncOp> copies = {entry};
  for (func::FuncOp layer : layers) {
    newNames[layer.getName()] = nameFor(phase, layer);
    copies.push_back(copyFor(phase, layer, newNames[layer.getName()]));
  }
  entry.walk([&](LayersOp op) { op.setCallee(newNames[op.getCallee()]); });
  if (phase != "prefill")
    llvm::for_each(copies, dropTaps);
}

struct SplitPhasesPass : impl::SplitPhasesPassBase<SplitPhasesPass> {
  void runOnOperation() override {
    auto forward = getOperation().lookupSymbol<func::FuncOp>("forward");
    if (!forward) {
      getOperation().emitError() << "has no @forward to split into phases";
      return signalPassFailure();
    }
    SmallVector<func::FuncOp> layers;
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (function->hasAttr(DSDialect::kLayerKindAttr))
        layers.push_back(function);
    for (StringRef phase : kPhases)
      addPhase(phase, forward, layers);
    forward.erase();
    for (func::FuncOp layer : layers)
      layer.erase();
    if (failed(expectNone<func::FuncOp>(
            getOperation(), "belongs to no phase", [](func::FuncOp function) {
              return function.getName() != "head" &&
                     !function->hasAttr(DSDialect::kPhaseAttr);
            })))
      signalPassFailure();
  }
};

} // namespace
} // namespace ds
