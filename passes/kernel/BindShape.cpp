// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/kernel/BindShape.h"
#include <mlir/IR/Diagnostics.h>

using namespace mlir;

namespace ds::kernel {

FailureOr<ShapeWords> bindShape(Operation *op, const kernels::Family &family,
                                DictionaryAttr shape) {
  ShapeWords words;
  for (const kernels::ShapeField &field : family.fields) {
    StringRef name(field.name);
    Attribute value = shape.get(name);
    if (auto real = dyn_cast_or_null<FloatAttr>(value);
        real && field.isFloat && real.getType().isF32()) {
      words.push_back(real.getValue().bitcastToAPInt().getZExtValue());
    } else if (auto whole = dyn_cast_or_null<IntegerAttr>(value);
               whole && !field.isFloat && whole.getType().isInteger(32)) {
      words.push_back(whole.getValue().getZExtValue());
    } else {
      auto diagnostic = op->emitOpError("shape field ") << name << ": found ";
      if (value)
        diagnostic << value;
      else
        diagnostic << "none";
      return diagnostic << ", expected " << (field.isFloat ? "an f32" : "an i32");
    }
  }
  for (NamedAttribute given : shape)
    if (llvm::none_of(family.fields, [&](const kernels::ShapeField &field) {
          return StringRef(field.name) == given.getName().strref();
        }))
      return op->emitOpError("shape field ")
             << given.getName() << ": " << StringRef(family.name)
             << " has no such field";
  return words;
}

FailureOr<BoundCall> bindCall(CallOp call) {
  const kernels::Family *family = kernels::findFamily(call.getFamily());
  if (!family)
    return call.emitOpError("names no family: ") << call.getFamily();
  FailureOr<ShapeWords> words = bindShape(call, *family, call.getShape());
  if (failed(words))
    return failure();
  return BoundCall{family, std::move(*words)};
}

} // namespace ds::kernel
