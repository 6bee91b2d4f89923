// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Decides where activations are rounded: at the end of the op that makes a
// matrix's input, inside its kernel, where rounding costs nothing. Only what
// has no such op gets a cast. With fp8, what an FP8 matrix meets is quantised:
// once per value, from f32 where the op before it has the value in f32 anyway.
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

/// Whether a kernel that quantises the op's result reads it in f32. Attention
/// rounds what it gives, quantised or not.
bool isQuantizedFromF32(Operation *op) {
  return isa<AddRMSNormOp, RMSNormOp, SwiGLUOp>(op);
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
    isFP8_ = activations == "fp8";
    element_ = elementNamed(isFP8_ ? rest : activations);
    if (!element_)
      return signalPassFailure();
    for (auto state : getOperation().getOps<StateOp>())
      state.setElement(element_);
    getOperation().walk([&](Operation *op) {
      if (Value result = roundedResult(op); result && !staysF32(op, result))
        result.setType(withElement(result, element_));
    });
    getOperation().walk([&](Operation *op) {
      if (takesCodes(op))
        quantize(op);
      else if (OpOperand *input = matrixInput(op))
        cast(*input);
    });
    if (failed(check()))
      signalPassFailure();
  }

  Type elementNamed(StringRef name) {
    if (name == "bf16")
      return BFloat16Type::get(&getContext());
    if (name == "f32")
      return Float32Type::get(&getContext());
    getOperation().emitError()
        << (isFP8_ ? "the rest of activations is `" : "activations are `")
        << name << "`, expected bf16" << (isFP8_ ? " or f32" : ", f32 or fp8");
    return {};
  }

  /// Whether the op multiplies by FP8 matrices and can do so with codes. The
  /// two projections of absorbed attention cannot, and so neither does the
  /// expanded form.
  bool takesCodes(Operation *op) {
    ArrayAttr weights;
    if (auto linear = dyn_cast<LinearOp>(op))
      weights = linear.getWeights();
    else if (auto linear = dyn_cast<GroupedLinearOp>(op))
      weights = linear.getWeights();
    if (!isFP8_ || !weights || weights.empty())
      return false;
    auto weight = getOperation().lookupSymbol<WeightOp>(
        mlir::cast<FlatSymbolRefAttr>(weights[0]));
    return weight && isa<Float8E4M3FNType>(weight.getEncoding().getElement());
  }

  bool staysF32(Operation *op, Value result) {
    return isQuantizedFromF32(op) &&
           llvm::any_of(result.getUsers(),
                        [&](Operation *user) { return takesCodes(user); });
  }

  void quantize(Operation *op) {
    Value input = op->getOperand(0);
    QuantizeOp &made = quantized_[input];
    if (!made) {
      OpBuilder builder(&getContext());
      builder.setInsertionPointAfterValue(input);
      auto codes = withElement(input, Float8E4M3FNType::get(&getContext()));
      SmallVector<int64_t> groups(codes.getShape());
      groups.back() = llvm::divideCeil(groups.back(), 128);
      auto model =
          getOperation()->getAttrOfType<ModelAttr>(DSDialect::kModelAttr);
      made = QuantizeOp::create(
          builder, input.getLoc(), codes,
          RankedTensorType::get(groups, builder.getF32Type()), input,
          model && model.getScaleFmt() ? ScaleFormat::UE8M0 : ScaleFormat::F32);
    }
    op->setOperand(0, made.getCodes());
    if (auto linear = dyn_cast<LinearOp>(op))
      linear.getScalesMutable().assign(made.getScales());
    else
      mlir::cast<GroupedLinearOp>(op).getScalesMutable().assign(
          made.getScales());
  }

  void cast(OpOperand &input) {
    RankedTensorType type = withElement(input.get(), element_);
    if (type == input.get().getType())
      return;
    CastOp &made = cast_[input.get()];
    if (!made) {
      OpBuilder builder(&getContext());
      builder.setInsertionPointAfterValue(input.get());
      made = CastOp::create(builder, input.getOwner()->getLoc(), type,
                            input.get());
    }
    input.set(made.getOutput());
  }

  LogicalResult check() {
    WalkResult result = getOperation().walk([&](Operation *op) {
      OpOperand *input = matrixInput(op);
      Type wanted = takesCodes(op) ? Type(Float8E4M3FNType::get(&getContext()))
                                   : element_;
      if (!input || withElement(input->get(), wanted) == input->get().getType())
        return WalkResult::advance();
      op->emitOpError() << "multiplies " << input->get().getType()
                        << ", expected " << wanted;
      return WalkResult::interrupt();
    });
    return failure(result.wasInterrupted());
  }

  bool isFP8_ = false;
  Type element_; // of whatever is not quantised
  llvm::DenseMap<Value, QuantizeOp> quantized_;
  llvm::DenseMap<Value, CastOp> cast_;
};

} // namespace
} // namespace ds
