// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/Plan/Plan.h"
#include <llvm/ADT/TypeSwitch.h>
#include <mlir/IR/Builders.h>
#include <mlir/IR/DialectImplementation.h>

#include "dialects/Plan/PlanDialect.cpp.inc"
#include "dialects/Plan/PlanEnums.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/Plan/PlanAttrs.cpp.inc"
#define GET_OP_CLASSES
#include "dialects/Plan/PlanOps.cpp.inc"

using namespace mlir;

namespace ds::plan {

void PlanDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/Plan/PlanAttrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/Plan/PlanOps.cpp.inc"
      >();
}

Attribute ArgAttr::parse(AsmParser &parser, Type) {
  StringRef word;
  SMLoc place = parser.getCurrentLocation();
  if (parser.parseLess() || parser.parseKeyword(&word))
    return {};
  std::optional<ArgKind> kind = symbolizeArgKind(word);
  if (!kind) {
    parser.emitError(place, "unknown kind of operand ") << word;
    return {};
  }
  FlatSymbolRefAttr symbol;
  uint32_t slot = 0;
  if (*kind == ArgKind::Slot || *kind == ArgKind::SlotList) {
    if (parser.parseInteger(slot))
      return {};
  } else if (parser.parseAttribute(symbol)) {
    return {};
  }
  if (parser.parseKeyword(&word))
    return {};
  std::optional<Access> access = symbolizeAccess(word);
  if (!access) {
    parser.emitError(place, "unknown access ") << word;
    return {};
  }
  if (parser.parseGreater())
    return {};
  return ArgAttr::getChecked([&] { return parser.emitError(place); },
                             parser.getContext(), *kind, symbol, slot, *access);
}

void ArgAttr::print(AsmPrinter &printer) const {
  printer << "<" << stringifyArgKind(getKind()) << " ";
  if (isSlot())
    printer << getSlot();
  else
    printer << getSymbol();
  printer << " " << stringifyAccess(getAccess()) << ">";
}

LogicalResult ArgAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                              ArgKind kind, FlatSymbolRefAttr symbol, uint32_t,
                              Access access) {
  bool isSlot = kind == ArgKind::Slot || kind == ArgKind::SlotList;
  if (isSlot && access != Access::Read)
    return emitError() << "a slot is written, but weights are read-only";
  if (isSlot == bool(symbol))
    return emitError() << "buffers and states are named, slots are numbered";
  return success();
}

LogicalResult BufferOp::verify() {
  if (static_cast<int64_t>(getSize()) < 1)
    return emitOpError("size is ")
           << static_cast<int64_t>(getSize()) << ", expected at least 1";
  if (getStorage() == Storage::Host && (getPinned() || getPlace()))
    return emitOpError("lies in host memory and in the arena");
  if (getPinned() && getPlace())
    return emitOpError("is pinned and lies in a pinned buffer");
  if (getLayerStride() && getStorage() == Storage::Scratch)
    return emitOpError("has a slice per layer in scratch, expected host");
  return success();
}

LogicalResult RowOp::verify() {
  auto isWeight = [](Attribute entry) { return isa<FlatSymbolRefAttr>(entry); };
  for (Attribute entry : getWeights()) {
    auto list = dyn_cast<ArrayAttr>(entry);
    if (!isWeight(entry) && !(list && llvm::all_of(list, isWeight)))
      return emitOpError("holds ")
             << entry << ", expected a weight or a list of weights";
  }
  return success();
}

} // namespace ds::plan
