// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Projections of one input read it once: one call with several weight pointers,
// nothing copied. Their readers then take columns of a wider row, so only
// results are joined whose readers can (a norm, an append, SwiGLU); attention
// wants its query dense.
#include "dialects/DS/DS.h"
#include "passes/model/LeftOver.h"
#include "passes/model/Passes.h"
#include <llvm/ADT/MapVector.h>
#include <mlir/Dialect/Func/IR/FuncOps.h>
#include <mlir/IR/Builders.h>

using namespace mlir;

namespace ds {
#define GEN_PASS_DEF_FUSEPROJECTIONSPASS
#include "passes/model/Passes.h.inc"

namespace {

constexpr size_t kMaxParts = 4; // of kernels/linear

bool readsColumns(Operation *op) {
  return isa<RMSNormOp, StateAppendOp, SwiGLUOp>(op);
}

bool canJoin(LinearOp op) {
  return op.getWeights().size() == 1 && !op->use_empty() &&
         llvm::all_of(op->getUsers(), readsColumns);
}

int64_t widthOf(Value rows) {
  return cast<RankedTensorType>(rows.getType()).getShape().back();
}

void join(MutableArrayRef<LinearOp> parts) {
  OpBuilder builder(parts.front());
  SmallVector<Attribute> weights;
  SmallVector<Location> locations;
  int64_t width = 0;
  for (LinearOp part : parts) {
    weights.push_back(part.getWeights()[0]);
    locations.push_back(part.getLoc());
    width += widthOf(part.getOutput());
  }
  auto type = RankedTensorType::get({ShapedType::kDynamic, width},
                                    builder.getF32Type());
  auto joined =
      LinearOp::create(builder, builder.getFusedLoc(locations), type,
                       parts.front().getInput(), /*scales=*/Value(),
                       builder.getArrayAttr(weights));
  int64_t offset = 0;
  for (LinearOp part : parts) {
    int64_t size = widthOf(part.getOutput());
    Value columns = ColumnsOp::create(
        builder, part.getLoc(), part.getOutput().getType(), joined.getOutput(),
        builder.getI64IntegerAttr(offset), builder.getI64IntegerAttr(size));
    part.getOutput().replaceAllUsesWith(columns);
    offset += size;
  }
  for (LinearOp part : parts)
    part.erase();
}

/// Whether gate and up are neighbours in one row, as kernels/swiglu reads them.
bool isSplit(SwiGLUOp op) {
  auto gate = op.getGate().getDefiningOp<ColumnsOp>();
  auto up = op.getUp().getDefiningOp<ColumnsOp>();
  return !gate || !up || gate.getInput() != up.getInput() ||
         gate.getOffset() + gate.getSize() != up.getOffset();
}

struct FuseProjectionsPass
    : impl::FuseProjectionsPassBase<FuseProjectionsPass> {
  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>())
      joinIn(function);
    if (failed(expectNone<SwiGLUOp>(
            getOperation(),
            "cannot read gate and up side by side: their weights differ in "
            "encoding, which is not supported",
            isSplit)))
      signalPassFailure();
  }

  void joinIn(func::FuncOp function) {
    llvm::MapVector<std::pair<Value, Attribute>, SmallVector<LinearOp>> groups;
    function.walk([&](LinearOp op) {
      auto weight = getOperation().lookupSymbol<WeightOp>(
          cast<FlatSymbolRefAttr>(op.getWeights()[0]));
      if (weight && canJoin(op))
        groups[{op.getInput(), weight.getEncoding()}].push_back(op);
    });
    for (auto &[key, parts] : groups)
      for (size_t first = 0; first + 1 < parts.size(); first += kMaxParts)
        join(MutableArrayRef(parts).slice(first).take_front(kMaxParts));
  }
};

} // namespace
} // namespace ds
