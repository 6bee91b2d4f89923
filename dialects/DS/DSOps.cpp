// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/DS/DS.h"
#include "dialects/DS/Widths.h"
#include <llvm/ADT/TypeSwitch.h>
#include <mlir/Dialect/Func/IR/FuncOps.h>
#include <mlir/IR/Builders.h>

using namespace mlir;

#define GET_OP_CLASSES
#include "dialects/DS/DSOps.cpp.inc"

namespace ds {

void DSDialect::registerOperations() {
  addOperations<
#define GET_OP_LIST
#include "dialects/DS/DSOps.cpp.inc"
      >();
}

LogicalResult expectWidth(Operation *op, StringRef what, int64_t found,
                          int64_t expected) {
  if (found == expected)
    return success();
  return op->emitOpError() << what << " hold " << found << " values, expected "
                           << expected;
}

LogicalResult expectScales(Operation *op, Value codes, Value scales) {
  auto type = cast<RankedTensorType>(codes.getType());
  if (isa<Float8E4M3FNType>(type.getElementType()) != bool(scales))
    return op->emitOpError()
           << (scales ? "has scales beside " : "has no scales for ") << type;
  if (!scales)
    return success();
  SmallVector<int64_t> shape(type.getShape());
  shape.back() = llvm::divideCeil(shape.back(), 128);
  auto found = cast<RankedTensorType>(scales.getType());
  if (found.getShape() == ArrayRef<int64_t>(shape))
    return success();
  return op->emitOpError() << "scales are " << found << ", expected "
                           << found.clone(shape);
}

SmallVector<WeightUse> sideBySide(ArrayAttr weights, int64_t rowsTogether,
                                  int64_t width, int64_t count,
                                  Type activation) {
  SmallVector<WeightUse> uses;
  int64_t rows = weights.size() == 1 ? rowsTogether : ShapedType::kDynamic;
  for (auto weight : weights.getAsRange<FlatSymbolRefAttr>())
    uses.push_back({weight,
                    WeightRole::Matrix,
                    {rows, width},
                    count,
                    rowsTogether,
                    activation});
  return uses;
}

LogicalResult expectParts(Operation *op, ArrayAttr weights) {
  if (!weights.empty() && weights.size() <= 4)
    return success();
  return op->emitOpError() << "has " << weights.size()
                           << " weights, expected 1 to 4";
}

// Symbols.

LogicalResult WeightOp::verify() {
  ArrayRef<int64_t> shape = getShape();
  if (shape.empty() || shape.size() > 2 ||
      llvm::any_of(shape, [](int64_t side) { return side < 1; }))
    return emitOpError() << "shape is [" << shape
                         << "], expected one or two sides of at least 1";
  if (getEncoding().isBlockScaled() && shape.size() != 2)
    return emitOpError() << "is a vector with scale blocks, expected a matrix";
  if (static_cast<int64_t>(getCount()) < 1)
    return emitOpError() << "count is " << static_cast<int64_t>(getCount())
                         << ", expected at least 1";
  return success();
}

LogicalResult StateOp::verify() {
  if (static_cast<int64_t>(getWidth()) < 1 ||
      static_cast<int64_t>(getPage()) < 1)
    return emitOpError() << "width and page must be at least 1";
  if (isa<FloatType>(getElement()))
    return success();
  return emitOpError() << "element is " << getElement() << ", expected a float";
}

// Structure.

LogicalResult LayersOp::verify() {
  if (getLayers().empty())
    return emitOpError() << "names no layer";
  if (getStates().size() == getNewStates().size())
    return success();
  return emitOpError() << "takes " << getStates().size() << " states and gives "
                       << getNewStates().size();
}

LogicalResult LayersOp::verifySymbolUses(SymbolTableCollection &symbols) {
  auto callee =
      symbols.lookupNearestSymbolFrom<func::FuncOp>(*this, getCalleeAttr());
  if (!callee)
    return emitOpError() << "callee " << getCallee() << " is not a function";
  FunctionType type = callee.getFunctionType();
  if (llvm::equal(type.getInputs(), getOperandTypes()) &&
      llvm::equal(type.getResults(), getResultTypes()))
    return success();
  return emitOpError() << "callee " << getCallee() << " has type " << type;
}

// Rows.

SmallVector<WeightUse> EmbeddingOp::getWeightUses() {
  return {{getWeightAttr(),
           WeightRole::Table,
           {ShapedType::kDynamic, widthOf(getResidual())}}};
}

static SmallVector<WeightUse> gainUse(FlatSymbolRefAttr weight, Value output) {
  return {{weight, WeightRole::Gain, {widthOf(output)}}};
}

SmallVector<WeightUse> RMSNormOp::getWeightUses() {
  return gainUse(getWeightAttr(), getOutput());
}
LogicalResult RMSNormOp::verify() {
  return expectWidth(*this, "result rows", widthOf(getOutput()),
                     widthOf(getInput()));
}

SmallVector<WeightUse> AddRMSNormOp::getWeightUses() {
  return gainUse(getWeightAttr(), getOutput());
}
LogicalResult AddRMSNormOp::verify() {
  return expectWidth(*this, "result rows", widthOf(getOutput()),
                     widthOf(getSum()));
}

SmallVector<WeightUse> HeadNormOp::getWeightUses() {
  return gainUse(getWeightAttr(), getOutput());
}
LogicalResult HeadNormOp::verify() {
  return expectWidth(*this, "result rows", widthOf(getOutput()),
                     widthOf(getResidual()));
}

SmallVector<WeightUse> LinearOp::getWeightUses() {
  return sideBySide(getWeights(), widthOf(getOutput()), widthOf(getInput()), 1,
                    elementOf(getInput()));
}
LogicalResult LinearOp::verify() {
  if (failed(expectScales(*this, getInput(), getScales())))
    return failure();
  return expectParts(*this, getWeights());
}

SmallVector<WeightUse> LMHeadOp::getWeightUses() {
  return {{getWeightAttr(),
           WeightRole::Matrix,
           {widthOf(getOutput()), widthOf(getInput())},
           1,
           0,
           elementOf(getInput())}};
}

LogicalResult ColumnsOp::verify() {
  int64_t offset = getOffset(), size = getSize();
  if (offset < 0 || size < 1 || offset + size > widthOf(getInput()))
    return emitOpError() << "columns " << offset << " to " << offset + size
                         << " are not all there: input rows hold "
                         << widthOf(getInput()) << " values";
  if (getInput().getType().getRank() != getOutput().getType().getRank())
    return emitOpError() << "changes the rank";
  return expectWidth(*this, "result rows", widthOf(getOutput()), size);
}

LogicalResult SwiGLUOp::verify() {
  if (getGate().getType().getShape() == getOutput().getType().getShape())
    return success();
  return emitOpError() << "result has shape " << getOutput().getType()
                       << ", operands have " << getGate().getType();
}

LogicalResult CastOp::verify() {
  if (getInput().getType().getShape() != getOutput().getType().getShape())
    return emitOpError() << "changes the shape";
  if (elementOf(getInput()) != elementOf(getOutput()))
    return success();
  return emitOpError() << "keeps the element " << elementOf(getInput());
}

LogicalResult QuantizeOp::verify() {
  if (getInput().getType().getShape() != getCodes().getType().getShape())
    return emitOpError() << "changes the shape";
  return expectScales(*this, getCodes(), getScales());
}

} // namespace ds
