// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/Kernel/Kernel.h"
#include <llvm/ADT/TypeSwitch.h>
#include <mlir/IR/Builders.h>
#include <mlir/IR/DialectImplementation.h>

#include "dialects/Kernel/KernelDialect.cpp.inc"
#include "dialects/Kernel/KernelEnums.cpp.inc"
#define GET_TYPEDEF_CLASSES
#include "dialects/Kernel/KernelTypes.cpp.inc"
#define GET_OP_CLASSES
#include "dialects/Kernel/KernelOps.cpp.inc"

using namespace mlir;

namespace ds::kernel {

void KernelDialect::initialize() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialects/Kernel/KernelTypes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/Kernel/KernelOps.cpp.inc"
      >();
}

LogicalResult KernelDialect::verifyOperationAttribute(Operation *op,
                                                      NamedAttribute attribute) {
  StringRef name = attribute.getName();
  Attribute value = attribute.getValue();
  bool isWord = name == kEntryAttr || name == kLayerKindAttr;
  if (isWord && !isa<StringAttr>(value))
    return op->emitOpError() << name << " is " << value << ", expected a string";
  if (name == kLevelsAttr) {
    auto levels = dyn_cast<ArrayAttr>(value);
    if (!levels || levels.empty() || !llvm::all_of(levels, llvm::IsaPred<StringAttr>))
      return op->emitOpError()
             << name << " is " << value << ", expected an array of strings";
  }
  if (name == kModelAttr && !isa<DictionaryAttr>(value))
    return op->emitOpError()
           << name << " is " << value << ", expected a dictionary";
  if (!isWord && name != kLevelsAttr && name != kModelAttr)
    return op->emitOpError() << "attribute " << name << " is unknown";
  return success();
}

LogicalResult WeightOp::verify() {
  ArrayRef<int64_t> shape = getShape();
  if (shape.empty() || shape.size() > 2)
    return emitOpError("has ") << shape.size() << " dimensions, expected 1 or 2";
  for (int64_t size : shape)
    if (size < 1)
      return emitOpError("has a dimension of ") << size << ", expected at least 1";
  if (getCount() && static_cast<int32_t>(*getCount()) < 1)
    return emitOpError("count is ")
           << static_cast<int32_t>(*getCount()) << ", expected at least 1";
  if (getEncoding() == Encoding::F8E4M3Block128 && shape.size() != 2)
    return emitOpError("is a vector, but blocks of 128 x 128 need a matrix");
  auto value = getValue();
  if (!value)
    return success();
  if (getEncoding() != Encoding::F32 || !value->getElementType().isF32())
    return emitOpError("has a value that is not f32");
  if (value->getShapedType().getShape() != shape)
    return emitOpError("has a value of another shape");
  return success();
}

LogicalResult StateOp::verify() {
  if (!getElement().isF32() && !getElement().isBF16())
    return emitOpError("element is ") << getElement() << ", expected f32 or bf16";
  if (static_cast<int32_t>(getWidth()) < 1 ||
      static_cast<int32_t>(getPage()) < 1)
    return emitOpError("width and page are at least 1");
  return success();
}

LogicalResult CallOp::verify() {
  for (NamedAttribute field : getShape()) {
    Type type;
    if (auto typed = dyn_cast<TypedAttr>(field.getValue()))
      type = typed.getType();
    if (!type || !(type.isInteger(32) || type.isF32()))
      return emitOpError("shape field ")
             << field.getName() << " is neither i32 nor f32";
  }
  if (getTap() && getOutputs().size() != 1)
    return emitOpError("is a tap with ")
           << getOutputs().size() << " results, expected 1";
  auto isState = [](Type type) { return isa<StateType>(type); };
  if (llvm::count_if(getOutputs().getTypes(), isState) >
      llvm::count_if(getInputs().getTypes(), isState))
    return emitOpError("returns a state that it does not take");
  return success();
}

LogicalResult LayersOp::verify() {
  if (getLayers().empty())
    return emitOpError("runs no layer");
  for (int32_t layer : getLayers())
    if (layer < 0)
      return emitOpError("runs layer ") << layer;
  if (getOutputs().size() > getInputs().size())
    return emitOpError("returns ") << getOutputs().size() << " values, takes "
                                   << getInputs().size();
  return success();
}

} // namespace ds::kernel
