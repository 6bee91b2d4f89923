// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Decides where activations are rounded: at the end of the op that makes a
// matrix's input, inside its kernel, where rounding costs nothing. Only what
// has no such op gets a cast.
#include "dialects/DS/DS.h"
#include "passes/model/LeftOver.h"
#include "passes/model/Passes.h"
#include <mlir/IR/Builders.h>

using namespace mlir;

namespace ds {
#define GEN_PASS_DEF_PLACEQUANTIZATIONPASS
#include "passes/model/Passes.h.inc"

namespace {

/// The result whose rounding the op's kernel does, if it has one.
Value roundedResult(Operation *op) {
  if (auto norm = dyn_cast<AddRMSNormOp>(op))
    return norm.getOutput();
  if (isa<RMSNormOp, HeadNormOp, SwiGLUOp, RopeOp, PerHeadLinearOp,
          MLAAttentionOp, ExpandedAttentionOp, LatentAttentionOp>(op))
    return op->getResult(0);
  return {};
}

/// The operand that meets a matrix, if there is one. The key part of a per-head
/// projection takes its query in f32.
OpOperand *matrixInput(Operation *op) {
  if (auto projection = dyn_cast<PerHeadLinearOp>(op))
    return projection.getPart() == ProjectionPart::Value
               ? &projection.getInputMutable()
               : nullptr;
  if (isa<LinearOp, LMHeadOp, RouterOp, ExpertsOp, GroupedLinearOp>(op))
    return &op->getOpOperand(0);
  return nullptr;
}

RankedTensorType withElement(Value value, Type element) {
  return cast<RankedTensorType>(value.getType()).clone(element);
}

struct PlaceQuantizationPass
    : impl::PlaceQuantizationPassBase<PlaceQuantizationPass> {
  using PlaceQuantizationPassBase::PlaceQuantizationPassBase;

  void runOnOperation() override {
    Type element = chosenElement();
    if (!element) {
      getOperation().emitError()
          << "activations are `" << activations << "`, expected bf16 or f32";
      return signalPassFailure();
    }
    for (auto state : getOperation().getOps<StateOp>())
      state.setElement(element);
    getOperation().walk([&](Operation *op) {
      if (Value result = roundedResult(op))
        result.setType(withElement(result, element));
    });
    getOperation().walk([&](Operation *op) {
      if (OpOperand *input = matrixInput(op))
        castTo(element, *input);
    });
    if (failed(check(element)))
      signalPassFailure();
  }

  Type chosenElement() {
    if (activations == "bf16")
      return BFloat16Type::get(&getContext());
    if (activations == "f32")
      return Float32Type::get(&getContext());
    return {};
  }

  void castTo(Type element, OpOperand &input) {
    RankedTensorType type = withElement(input.get(), element);
    if (type == input.get().getType())
      return;
    OpBuilder builder(input.getOwner());
    input.set(
        CastOp::create(builder, input.getOwner()->getLoc(), type, input.get()));
  }

  LogicalResult check(Type element) {
    WalkResult result = getOperation().walk([&](Operation *op) {
      OpOperand *input = matrixInput(op);
      if (!input ||
          withElement(input->get(), element) == input->get().getType())
        return WalkResult::advance();
      op->emitOpError() << "multiplies " << input->get().getType()
                        << ", expected " << element;
      return WalkResult::interrupt();
    });
    return failure(result.wasInterrupted());
  }
};

} // namespace
} // namespace ds
