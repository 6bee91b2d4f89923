// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// An add and the norm of its sum are one walk over the rows. The sum stays, in
// f32: it is the residual stream.
#include "dialects/DS/DS.h"
#include "passes/model/LeftOver.h"
#include "passes/model/Passes.h"
#include <mlir/IR/Builders.h>

using namespace mlir;

namespace ds {
#define GEN_PASS_DEF_FUSENORMQUANTPASS
#include "passes/model/Passes.h.inc"

namespace {

void fuse(RMSNormOp norm) {
  auto add = norm.getInput().getDefiningOp<AddOp>();
  if (!add)
    return;
  OpBuilder builder(add);
  auto fused = AddRMSNormOp::create(
      builder, norm.getLoc(), add.getSum().getType(),
      norm.getOutput().getType(), add.getResidual(), add.getDelta(),
      norm.getWeightAttr(), norm.getEpsAttr());
  norm.replaceAllUsesWith(fused.getOutput());
  norm.erase();
  add.replaceAllUsesWith(fused.getSum());
  add.erase();
}

struct FuseNormQuantPass : impl::FuseNormQuantPassBase<FuseNormQuantPass> {
  void runOnOperation() override {
    getOperation().walk(fuse);
    if (failed(expectNone<RMSNormOp>(
            getOperation(), "reads an add", [](RMSNormOp norm) {
              return norm.getInput().getDefiningOp<AddOp>() != nullptr;
            })))
      signalPassFailure();
  }
};

} // namespace
} // namespace ds
