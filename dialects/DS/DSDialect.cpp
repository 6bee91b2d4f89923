// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/DS/DS.h"
#include <llvm/ADT/StringExtras.h>
#include <llvm/ADT/TypeSwitch.h>
#include <mlir/IR/Builders.h>
#include <mlir/IR/BuiltinOps.h>
#include <mlir/IR/DialectImplementation.h>
#include <mlir/Interfaces/FunctionInterfaces.h>

using namespace mlir;

#include "dialects/DS/DSDialect.cpp.inc"

#include "dialects/DS/DSInterfaces.cpp.inc"
#define GET_TYPEDEF_CLASSES
#include "dialects/DS/DSTypes.cpp.inc"

namespace ds {
namespace {

// Attributes that many ops share stand once, at the top of a dump.
struct AliasInterface : OpAsmDialectInterface {
  using OpAsmDialectInterface::OpAsmDialectInterface;

  AliasResult getAlias(Attribute attribute, raw_ostream &os) const override {
    return llvm::TypeSwitch<Attribute, AliasResult>(attribute)
        .Case<EncodingAttr>([&](EncodingAttr encoding) {
          os << (encoding.isBlockScaled() ? "f8_blocks" : "plain_");
          if (!encoding.isBlockScaled())
            os << encoding.getElement();
          return AliasResult::FinalAlias;
        })
        .Case<MLAAttr>([&](MLAAttr) {
          os << "mla";
          return AliasResult::FinalAlias;
        })
        .Case<GateAttr>([&](GateAttr) {
          os << "gate";
          return AliasResult::FinalAlias;
        })
        .Case<RopeAttr>([&](RopeAttr) {
          os << "rope";
          return AliasResult::FinalAlias;
        })
        .Default([](Attribute) { return AliasResult::NoAlias; });
  }
};

LogicalResult verifyWord(Operation *op, NamedAttribute attribute,
                         ArrayRef<StringRef> words) {
  StringRef name = attribute.getName();
  if (!isa<FunctionOpInterface>(op))
    return op->emitOpError() << name << " belongs on a function";
  auto word = dyn_cast<StringAttr>(attribute.getValue());
  if (word && llvm::is_contained(words, word.getValue()))
    return success();
  return op->emitOpError() << name << " is " << attribute.getValue()
                           << ", expected one of " << llvm::join(words, ", ");
}

} // namespace

void DSDialect::registerTypes() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialects/DS/DSTypes.cpp.inc"
      >();
}

void DSDialect::initialize() {
  registerTypes();
  registerAttributes();
  registerOperations();
  addInterfaces<AliasInterface>();
}

LogicalResult DSDialect::verifyOperationAttribute(Operation *op,
                                                  NamedAttribute attribute) {
  StringRef name = attribute.getName();
  if (name == kLayerKindAttr)
    return verifyWord(op, attribute, {"dense", "moe", "mtp"});
  if (name == kPhaseAttr)
    return verifyWord(op, attribute, {"prefill", "decode", "extend"});
  if (name != kModelAttr)
    return op->emitOpError() << "attribute " << name << " is unknown";
  if (!isa<ModuleOp>(op))
    return op->emitOpError() << name << " belongs on the module";
  if (isa<ModelAttr>(attribute.getValue()))
    return success();
  return op->emitOpError() << name << " is " << attribute.getValue()
                           << ", expected a #ds.model";
}

} // namespace ds
