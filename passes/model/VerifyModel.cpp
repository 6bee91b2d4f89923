// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Checks what no single op can see: that weights, functions and the model's own
// widths fit each other. After it, passes look weights up without asking.
#include "dialects/DS/DS.h"
#include "passes/model/Passes.h"
#include <mlir/Dialect/Func/IR/FuncOps.h>

using namespace mlir;

namespace ds {
#define GEN_PASS_DEF_VERIFYMODELPASS
#include "passes/model/Passes.h.inc"

namespace {

struct Verifier {
  ModuleOp module;
  ModelAttr model;

  LogicalResult verifyWeights(WeightUser user) {
    int64_t rows = 0, expectedRows = 0;
    for (const WeightUse &use : user.getWeightUses()) {
      auto weight = module.lookupSymbol<WeightOp>(use.weight);
      if (!weight)
        return user->emitOpError() << "weight " << use.weight << " is missing";
      if (failed(verifyShape(user, use, weight)))
        return failure();
      if (use.rowsTogether) {
        rows += weight.getShape()[0];
        expectedRows = use.rowsTogether;
      }
    }
    if (rows == expectedRows)
      return success();
    return user->emitOpError() << "weights have " << rows
                               << " rows together, expected " << expectedRows;
  }

  LogicalResult verifyShape(WeightUser user, const WeightUse &use,
                            WeightOp weight) {
    ArrayRef<int64_t> found = weight.getShape(), expected = use.shape;
    bool fits = found.size() == expected.size();
    for (auto [side, want] : llvm::zip(found, expected))
      fits &= side == want || ShapedType::isDynamic(want);
    if (!fits) {
      InFlightDiagnostic error = user->emitOpError();
      error << use.weight << " is [" << found << "], expected [";
      llvm::interleaveComma(expected, error, [&](int64_t side) {
        if (ShapedType::isDynamic(side))
          error << "any";
        else
          error << side;
      });
      return error << "]";
    }
    int64_t count = weight.getCount();
    if (count == use.count)
      return success();
    return user->emitOpError() << use.weight << " has " << count
                               << " tensors per layer, expected " << use.count;
  }

  LogicalResult expect(Operation *op, StringRef what, int64_t found,
                       int64_t expected) {
    if (found == expected)
      return success();
    return op->emitOpError()
           << what << " is " << found << ", the model's is " << expected;
  }

  /// Widths where the model begins and ends.
  LogicalResult verifyEnds(Operation *op) {
    if (auto embedding = dyn_cast<EmbeddingOp>(op)) {
      auto table = module.lookupSymbol<WeightOp>(embedding.getWeightAttr());
      if (failed(expect(op, "vocab_size", table.getShape()[0],
                        model.getVocabSize())))
        return failure();
      return expect(op, "hidden_size",
                    embedding.getResidual().getType().getDimSize(1),
                    model.getHiddenSize());
    }
    if (auto layers = dyn_cast<LayersOp>(op))
      return expect(op, "hidden_size",
                    layers.getNewResidual().getType().getDimSize(1),
                    model.getHiddenSize());
    if (auto head = dyn_cast<LMHeadOp>(op)) {
      if (failed(expect(op, "hidden_size",
                        head.getInput().getType().getDimSize(1),
                        model.getHiddenSize())))
        return failure();
      return expect(op, "vocab_size", head.getOutput().getType().getDimSize(1),
                    model.getVocabSize());
    }
    if (auto append = dyn_cast<StateAppendOp>(op))
      return verifyStates(append);
    return success();
  }

  LogicalResult verifyStates(StateAppendOp append) {
    for (auto state : module.getOps<StateOp>())
      if (state.getWidth() ==
          static_cast<uint64_t>(append.getMla().getLatentWidth()))
        return success();
    return append.emitOpError()
           << "no state has rows of " << append.getMla().getLatentWidth()
           << " values";
  }

  /// Each layer once and in order, in functions of a layer kind.
  LogicalResult verifyLayers(func::FuncOp forward) {
    int64_t next = 0;
    for (auto layers : forward.getOps<LayersOp>()) {
      auto callee = module.lookupSymbol<func::FuncOp>(layers.getCallee());
      if (!callee->hasAttr(DSDialect::kLayerKindAttr))
        return layers.emitOpError()
               << "callee " << layers.getCallee() << " is of no layer kind";
      for (int64_t layer : layers.getLayers())
        if (layer != next++)
          return layers.emitOpError()
                 << "runs layer " << layer << " where layer " << next - 1
                 << " is next";
    }
    return expect(forward, "num_hidden_layers", next,
                  model.getNumHiddenLayers());
  }
};

struct VerifyModelPass : impl::VerifyModelPassBase<VerifyModelPass> {
  void runOnOperation() override {
    if (failed(verify()))
      signalPassFailure();
  }

  LogicalResult verify() {
    ModuleOp module = getOperation();
    auto model = module->getAttrOfType<ModelAttr>(DSDialect::kModelAttr);
    if (!model)
      return module.emitError() << "has no " << DSDialect::kModelAttr;
    for (StringRef name : {"forward", "head"})
      if (!module.lookupSymbol<func::FuncOp>(name))
        return module.emitError() << "has no @" << name;
    Verifier verifier{module, model};
    WalkResult result = module.walk([&](Operation *op) {
      if (auto user = dyn_cast<WeightUser>(op))
        if (failed(verifier.verifyWeights(user)))
          return WalkResult::interrupt();
      return WalkResult(verifier.verifyEnds(op));
    });
    if (result.wasInterrupted())
      return failure();
    return verifier.verifyLayers(module.lookupSymbol<func::FuncOp>("forward"));
  }
};

} // namespace
} // namespace ds
