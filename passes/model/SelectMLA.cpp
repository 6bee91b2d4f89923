// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Chooses the form of attention per phase. Prefill expands keys and values,
// where many queries share an expansion; decode reads the latent rows directly,
// with the key projection moved to the query and the value projection behind
// the sum. Equal up to rounding (model-spec 1.5).
#include "dialects/DS/DS.h"
#include "passes/model/LeftOver.h"
#include "passes/model/Passes.h"
#include <mlir/Dialect/Func/IR/FuncOps.h>
#include <mlir/IR/Builders.h>

using namespace mlir;

namespace ds {
#define GEN_PASS_DEF_SELECTMLAPASS
#include "passes/model/Passes.h.inc"

namespace {

RankedTensorType headsOf(MLAAttr mla, int64_t width, Type element) {
  return RankedTensorType::get({ShapedType::kDynamic, mla.getHeads(), width},
                               element);
}

Value rotateQuery(OpBuilder &builder, MLAAttentionOp op) {
  Type element = op.getOutput().getType().getElementType();
  return RopeOp::create(
      builder, op.getLoc(),
      headsOf(op.getMla(), op.getMla().getQkRopeHeadDim(), element),
      op.getQuery(), op.getAngles(), op.getMla());
}

Value expand(OpBuilder &builder, MLAAttentionOp op) {
  Value rotated = rotateQuery(builder, op);
  return ExpandedAttentionOp::create(
      builder, op.getLoc(), op.getOutput().getType(), op.getBatch(),
      op.getQuery(), rotated, op.getState(), op.getWeightAttr(), op.getMla(),
      op.getScaleAttr());
}

Value absorb(OpBuilder &builder, MLAAttentionOp op) {
  MLAAttr mla = op.getMla();
  Type element = op.getOutput().getType().getElementType();
  RankedTensorType latent = headsOf(mla, mla.getKvLoraRank(), element);
  Value query =
      PerHeadLinearOp::create(builder, op.getLoc(), latent, ProjectionPart::Key,
                              op.getQuery(), op.getWeight(), mla);
  Value rotated = rotateQuery(builder, op);
  Value sum = LatentAttentionOp::create(builder, op.getLoc(), latent,
                                        op.getBatch(), query, rotated,
                                        op.getState(), mla, op.getScaleAttr());
  return PerHeadLinearOp::create(builder, op.getLoc(), op.getOutput().getType(),
                                 ProjectionPart::Value, sum, op.getWeight(),
                                 mla);
}

struct SelectMLAPass : impl::SelectMLAPassBase<SelectMLAPass> {
  using SelectMLAPassBase::SelectMLAPassBase;

  void runOnOperation() override {
    if (!force.empty() && force != "expanded" && force != "absorbed") {
      getOperation().emitError()
          << "force is `" << force << "`, expected expanded or absorbed";
      return signalPassFailure();
    }
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      auto phase = function->getAttrOfType<StringAttr>(DSDialect::kPhaseAttr);
      if (!phase)
        continue;
      bool expanded = force.empty() ? phase == "prefill" : force == "expanded";
      function.walk([&](MLAAttentionOp op) { select(op, expanded); });
    }
    if (failed(expectNone<MLAAttentionOp>(
            getOperation(), "has no form: its function has no phase, or its "
                            "scale is not folded")))
      signalPassFailure();
  }

  void select(MLAAttentionOp op, bool expanded) {
    if (!op.getScaleAttr())
      return;
    OpBuilder builder(op);
    op.replaceAllUsesWith(expanded ? expand(builder, op) : absorb(builder, op));
    op.erase();
  }
};

} // namespace
} // namespace ds
