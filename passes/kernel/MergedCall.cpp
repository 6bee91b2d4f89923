// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/kernel/MergedCall.h"

using namespace mlir;

namespace ds::kernel {

bool isFamily(CallOp call, StringRef family) {
  return call && call.getFamily() == family;
}

int64_t fieldOf(CallOp call, StringRef name) {
  auto value = call ? call.getShape().getAs<IntegerAttr>(name) : IntegerAttr();
  return value ? value.getInt() : 0;
}

Type elementOf(Value tensor) {
  return cast<RankedTensorType>(tensor.getType()).getElementType();
}

CallOp soleUser(Value value, StringRef family) {
  return value.hasOneUse() ? onlyUser(value, family) : CallOp();
}

CallOp onlyUser(Value value, StringRef family) {
  CallOp found;
  for (Operation *user : value.getUsers()) {
    auto call = dyn_cast<CallOp>(user);
    if (!isFamily(call, family))
      continue;
    if (found)
      return {};
    found = call;
  }
  return found;
}

bool isBefore(Value value, Operation *op) {
  Operation *maker = value.getDefiningOp();
  return !maker || maker->isBeforeInBlock(op);
}

MergedCall::MergedCall(StringRef family, CallOp place, ArrayRef<CallOp> old)
    : family_(family), builder_(place) {
  llvm::copy_if(old, std::back_inserter(old_),
                [](CallOp call) { return bool(call); });
  llvm::sort(old_, [](CallOp a, CallOp b) { return a->isBeforeInBlock(b); });
}

void MergedCall::addResult(Value value) { results_.push_back(value); }

void MergedCall::addResults(ValueRange values) {
  results_.append(values.begin(), values.end());
}

void MergedCall::setField(StringRef name, int64_t value) {
  fields_.push_back(builder_.getNamedAttr(
      name, builder_.getI32IntegerAttr(static_cast<int32_t>(value))));
}

void MergedCall::copyField(StringRef name, CallOp from, StringRef theirs) {
  fields_.push_back(builder_.getNamedAttr(name, from.getShape().get(theirs)));
}

void MergedCall::copyFields(CallOp from, ArrayRef<StringRef> names) {
  for (StringRef name : names)
    copyField(name, from, name);
}

CallOp MergedCall::replace(ValueRange inputs, ArrayAttr weights) {
  return replace(inputs, weights ? weights.getValue() : ArrayRef<Attribute>(),
                 {});
}

CallOp MergedCall::replace(ValueRange inputs, ArrayRef<Attribute> weights,
                           ArrayRef<Attribute> moreWeights) {
  SmallVector<Attribute> all(weights);
  all.append(moreWeights.begin(), moreWeights.end());
  SmallVector<Location> locations;
  for (CallOp call : old_)
    locations.push_back(call.getLoc());
  SmallVector<Type> types;
  for (Value result : results_)
    types.push_back(result.getType());
  auto merged = CallOp::create(
      builder_, builder_.getFusedLoc(locations), types,
      FlatSymbolRefAttr::get(builder_.getContext(), family_), inputs,
      all.empty() ? ArrayAttr() : builder_.getArrayAttr(all),
      builder_.getDictionaryAttr(fields_), ArrayAttr(), StringAttr());
  for (auto [old, made] : llvm::zip_equal(results_, merged.getResults()))
    old.replaceAllUsesWith(made);
  for (CallOp call : llvm::reverse(old_))
    call.erase();
  return merged;
}

} // namespace ds::kernel
