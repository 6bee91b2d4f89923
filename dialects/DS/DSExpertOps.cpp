// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/DS/DS.h"
#include "dialects/DS/Widths.h"

using namespace mlir;

namespace ds {
namespace {

LogicalResult expectChoice(Operation *op, GateAttr gate, Value ids,
                           Value weights) {
  if (failed(expectWidth(op, "rows of ids", widthOf(ids), gate.getTopk())))
    return failure();
  return expectWidth(op, "rows of weights", widthOf(weights), gate.getTopk());
}

void addBias(SmallVector<WeightUse> &uses, FlatSymbolRefAttr bias,
             int64_t experts) {
  if (bias)
    uses.push_back({bias, WeightRole::Bias, {experts}});
}

} // namespace

SmallVector<WeightUse> GateOp::getWeightUses() {
  SmallVector<WeightUse> uses;
  addBias(uses, getBiasAttr(), getGate().getExperts());
  return uses;
}
LogicalResult GateOp::verify() {
  if (failed(expectWidth(*this, "logits' rows", widthOf(getLogits()),
                         getGate().getExperts())))
    return failure();
  return expectChoice(*this, getGate(), getIds(), getWeights());
}

SmallVector<WeightUse> RouterOp::getWeightUses() {
  SmallVector<WeightUse> uses = {{getWeightAttr(),
                                  WeightRole::Matrix,
                                  {getGate().getExperts(), widthOf(getInput())},
                                  1,
                                  0,
                                  elementOf(getInput())}};
  addBias(uses, getBiasAttr(), getGate().getExperts());
  return uses;
}
LogicalResult RouterOp::verify() {
  return expectChoice(*this, getGate(), getIds(), getWeights());
}

SmallVector<WeightUse> ExpertsOp::getWeightUses() {
  int64_t hidden = widthOf(getInput()), inner = getIntermediate();
  auto list = [&](FlatSymbolRefAttr weight, int64_t rows, int64_t columns) {
    return WeightUse{weight,
                     WeightRole::Matrix,
                     {rows, columns},
                     static_cast<int64_t>(getExperts()),
                     0,
                     elementOf(getInput())};
  };
  return {list(getGateProjAttr(), inner, hidden),
          list(getUpProjAttr(), inner, hidden),
          list(getDownProjAttr(), hidden, inner)};
}
LogicalResult ExpertsOp::verify() {
  if (static_cast<int64_t>(getExperts()) < 1 ||
      static_cast<int64_t>(getIntermediate()) < 1)
    return emitOpError() << "experts and intermediate must be at least 1";
  if (getShared() && getShared().getType() != getOutput().getType())
    return emitOpError() << "shared is " << getShared().getType()
                         << ", expected the result's " << getOutput().getType();
  if (failed(expectWidth(*this, "rows of weights", widthOf(getWeights()),
                         widthOf(getIds()))))
    return failure();
  return expectWidth(*this, "result rows", widthOf(getOutput()),
                     widthOf(getInput()));
}

LogicalResult ExpertPlanOp::verify() {
  return expectWidth(*this, "offsets", widthOf(getOffsets()),
                     static_cast<int64_t>(getExperts()) + 1);
}

SmallVector<WeightUse> GroupedLinearOp::getWeightUses() {
  return sideBySide(getWeights(), widthOf(getOutput()), widthOf(getInput()),
                    widthOf(getOffsets()) - 1, elementOf(getInput()));
}
LogicalResult GroupedLinearOp::verify() {
  if (failed(expectParts(*this, getWeights())) ||
      failed(expectScales(*this, getInput(), getScales())))
    return failure();
  int64_t topk = widthOf(getTokenOf());
  if (getOutput().getType().getDimSize(1) != topk)
    return emitOpError() << "result is " << getOutput().getType()
                         << ", expected " << topk << " slots per token";
  auto input = cast<RankedTensorType>(getInput().getType());
  if (getGather() ? input.getRank() == 2
                  : input.getRank() == 3 && input.getDimSize(1) == topk)
    return success();
  return emitOpError() << "input is " << input << ", expected "
                       << (getGather() ? "a row per token" : "a row per slot");
}

LogicalResult CombineOp::verify() {
  int64_t topk = widthOf(getSlotOf());
  if (failed(
          expectWidth(*this, "rows of weights", widthOf(getWeights()), topk)) ||
      failed(expectWidth(*this, "result rows", widthOf(getOutput()),
                         widthOf(getInput()))))
    return failure();
  if (getInput().getType().getDimSize(1) != topk)
    return emitOpError() << "input is " << getInput().getType() << ", expected "
                         << topk << " slots per token";
  if (!getShared() || getShared().getType() == getOutput().getType())
    return success();
  return emitOpError() << "shared is " << getShared().getType()
                       << ", expected the result's " << getOutput().getType();
}

} // namespace ds
