// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Computes what rope scaling means, once, so that no later pass and no kernel
// knows YaRN: a table of frequencies, a factor on the angles, and the scale of
// the scores.
#include "dialects/DS/DS.h"
#include "passes/model/Passes.h"
#include "passes/model/Yarn.h"
#include <mlir/IR/Builders.h>

using namespace mlir;

namespace ds {
#define GEN_PASS_DEF_FOLDYARNPASS
#include "passes/model/Passes.h.inc"

namespace {

void foldTable(RopeTableOp table) {
  RopeAttr rope = table.getRopeAttr();
  if (!rope)
    return;
  Builder builder(table.getContext());
  table.setInvFreqAttr(builder.getDenseF32ArrayAttr(inverseFrequencies(rope)));
  table.setAttentionAttr(builder.getF32FloatAttr(attentionFactor(rope)));
  table.removeRopeAttr();
}

void foldScale(MLAAttentionOp attention) {
  RopeAttr rope = attention.getRopeAttr();
  if (!rope)
    return;
  float scale = softmaxScale(rope, attention.getMla().getQkHeadDim());
  attention.setScaleAttr(
      Builder(attention.getContext()).getF32FloatAttr(scale));
  attention.removeRopeAttr();
}

struct FoldYarnPass : impl::FoldYarnPassBase<FoldYarnPass> {
  void runOnOperation() override {
    getOperation().walk(foldTable);
    getOperation().walk(foldScale);
    WalkResult found = getOperation().walk([](Operation *op) {
      for (NamedAttribute attribute : op->getAttrs())
        if (isa<RopeAttr>(attribute.getValue())) {
          op->emitOpError() << attribute.getName() << " was not folded";
          return WalkResult::interrupt();
        }
      return WalkResult::advance();
    });
    if (found.wasInterrupted())
      signalPassFailure();
  }
};

} // namespace
} // namespace ds
