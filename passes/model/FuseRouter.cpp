// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The router's projection and the choice of experts belong together: nothing
// else reads the logits, and a target may compute both in one kernel.
#include "dialects/DS/DS.h"
#include "passes/model/LeftOver.h"
#include "passes/model/Passes.h"
#include <mlir/IR/Builders.h>

using namespace mlir;

namespace ds {
#define GEN_PASS_DEF_FUSEROUTERPASS
#include "passes/model/Passes.h.inc"

namespace {

void fuse(GateOp gate) {
  auto linear = gate.getLogits().getDefiningOp<LinearOp>();
  if (!linear || linear.getWeights().size() != 1 || !linear->hasOneUse())
    return;
  OpBuilder builder(gate);
  auto router = RouterOp::create(
      builder, gate.getLoc(), gate.getResultTypes(), linear.getInput(),
      cast<FlatSymbolRefAttr>(linear.getWeights()[0]), gate.getBiasAttr(),
      gate.getGate());
  gate.replaceAllUsesWith(router);
  gate.erase();
  linear.erase();
}

struct FuseRouterPass : impl::FuseRouterPassBase<FuseRouterPass> {
  void runOnOperation() override {
    getOperation().walk(fuse);
    if (failed(expectNone<GateOp>(
            getOperation(), "does not read the router's projection alone")))
      signalPassFailure();
  }
};

} // namespace
} // namespace ds
