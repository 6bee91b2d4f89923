// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Sorts slots by expert, so that each expert's weights are read once for all of
// its tokens, and combines per token in the gate's order, so that a token's sum
// does not depend on the batch.
#include "dialects/DS/DS.h"
#include "passes/model/LeftOver.h"
#include "passes/model/Passes.h"
#include <mlir/IR/Builders.h>

using namespace mlir;

namespace ds {
#define GEN_PASS_DEF_SELECTEXPERTSPASS
#include "passes/model/Passes.h.inc"

namespace {

/// Builds the grouped form of one ds.experts.
struct GroupedForm {
  GroupedForm(ExpertsOp op)
      : op(op), builder(op),
        topk(cast<RankedTensorType>(op.getIds().getType()).getDimSize(1)) {}

  Value build() {
    int64_t inner = op.getIntermediate();
    int64_t hidden = op.getOutput().getType().getDimSize(1);
    auto offsets = RankedTensorType::get(
        {static_cast<int64_t>(op.getExperts()) + 1}, builder.getI32Type());
    Type ids = op.getIds().getType();
    auto plan =
        ExpertPlanOp::create(builder, op.getLoc(), TypeRange{offsets, ids, ids},
                             op.getIds(), op.getExpertsAttr());
    Value gateUp =
        project(plan, op.getInput(), {op.getGateProjAttr(), op.getUpProjAttr()},
                2 * inner, /*gather=*/true);
    Value activated = SwiGLUOp::create(builder, op.getLoc(), slots(inner),
                                       columns(gateUp, 0, inner),
                                       columns(gateUp, inner, inner));
    Value down = project(plan, activated, {op.getDownProjAttr()}, hidden,
                         /*gather=*/false);
    return CombineOp::create(builder, op.getLoc(), op.getOutput().getType(),
                             down, plan.getSlotOf(), op.getWeights(),
                             op.getShared());
  }

  RankedTensorType slots(int64_t width) {
    return RankedTensorType::get({ShapedType::kDynamic, topk, width},
                                 builder.getF32Type());
  }

  Value project(ExpertPlanOp plan, Value input, ArrayRef<Attribute> weights,
                int64_t width, bool gather) {
    return GroupedLinearOp::create(builder, op.getLoc(), slots(width), input,
                                   /*scales=*/Value(), plan.getOffsets(),
                                   plan.getTokenOf(),
                                   builder.getArrayAttr(weights), gather);
  }

  Value columns(Value rows, int64_t offset, int64_t size) {
    return ColumnsOp::create(builder, op.getLoc(), slots(size), rows,
                             builder.getI64IntegerAttr(offset),
                             builder.getI64IntegerAttr(size));
  }

  ExpertsOp op;
  OpBuilder builder;
  int64_t topk;
};

struct SelectExpertsPass : impl::SelectExpertsPassBase<SelectExpertsPass> {
  void runOnOperation() override {
    getOperation().walk([](ExpertsOp op) {
      op.replaceAllUsesWith(GroupedForm(op).build());
      op.erase();
    });
    if (failed(expectNone<ExpertsOp>(getOperation(), "has no form")))
      signalPassFailure();
  }
};

} // namespace
} // namespace ds
