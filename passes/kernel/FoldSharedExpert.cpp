// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Makes the shared expert the last of the grouped ones where it is as wide as
// they are: two launches fewer, and its weights are read beside theirs. The sum
// of a token's experts begins with it as before, so no bit changes.
#include "passes/kernel/MergedCall.h"
#include "passes/kernel/Passes.h"
#include <mlir/Dialect/Func/IR/FuncOps.h>

using namespace mlir;

namespace ds::kernel {
#define GEN_PASS_DEF_FOLDSHAREDEXPERTPASS
#include "passes/kernel/Passes.h.inc"

namespace {

CallOp makerOf(Value value, StringRef family) {
  auto call = value.getDefiningOp<CallOp>();
  return isFamily(call, family) ? call : CallOp();
}

RankedTensorType withSize(Value tensor, unsigned dimension, int64_t size) {
  auto type = cast<RankedTensorType>(tensor.getType());
  SmallVector<int64_t> shape(type.getShape());
  shape[dimension] = size;
  return type.clone(shape);
}

/// The calls of one mixture of experts.
struct Mixture {
  CallOp combine, down, gated, plan, sharedDown, sharedGated;

  /// Whether `combine` ends a mixture whose shared expert can be folded.
  bool find(CallOp end, const SymbolTable &symbols) {
    combine = end;
    if (fieldOf(combine, "shared") != 1)
      return false;
    down = makerOf(combine.getInputs()[0], "grouped_linear");
    sharedDown = makerOf(combine.getInputs()[3], "linear");
    if (!down || !sharedDown)
      return false;
    gated = makerOf(down.getInputs()[0], "grouped_gated_linear");
    sharedGated = makerOf(sharedDown.getInputs()[0], "gated_linear");
    if (!gated || !sharedGated)
      return false;
    plan = offsets().getDefiningOp<CallOp>();
    return (isFamily(plan, "gate_plan") || isFamily(plan, "expert_plan")) &&
           fieldOf(plan, "shared") == 0 && hasOneShape() && readsTheSame() &&
           hasOneEncoding(symbols) && isReadByNobodyElse();
  }

  /// Operands that activations take: rows, or codes and scales.
  unsigned many() { return sharedGated.getInputs().size(); }
  Value offsets() { return gated.getInputs()[gated.getInputs().size() - 2]; }

  bool hasOneShape() {
    return fieldOf(gated, "in") == fieldOf(sharedGated, "in") &&
           fieldOf(gated, "out") == fieldOf(sharedGated, "out") &&
           fieldOf(gated, "scale_format") ==
               fieldOf(sharedGated, "scale_format") &&
           fieldOf(down, "parts") == 1 && fieldOf(sharedDown, "parts") == 1 &&
           fieldOf(down, "out") == fieldOf(sharedDown, "out0") &&
           fieldOf(down, "in") == fieldOf(sharedDown, "in");
  }

  bool readsTheSame() {
    return gated.getInputs().size() == many() + 2 &&
           llvm::equal(gated.getInputs().take_front(many()),
                       sharedGated.getInputs());
  }

  bool hasOneEncoding(const SymbolTable &symbols) {
    auto encodingOf = [&](CallOp call) {
      auto name = cast<FlatSymbolRefAttr>(call.getWeightsAttr()[0]).getValue();
      return symbols.lookup<WeightOp>(name).getEncoding();
    };
    return encodingOf(gated) == encodingOf(sharedGated) &&
           encodingOf(down) == encodingOf(sharedDown);
  }

  bool isReadByNobodyElse() {
    auto onlyBy = [](Value value, std::initializer_list<CallOp> readers) {
      return llvm::all_of(value.getUsers(), [&](Operation *user) {
        return llvm::is_contained(readers, user);
      });
    };
    auto planned = plan.getResults().take_back(3);
    return onlyBy(planned[0], {gated, down}) &&
           onlyBy(planned[1], {gated, down}) && onlyBy(planned[2], {combine}) &&
           llvm::all_of(gated.getResults(),
                        [&](Value v) { return onlyBy(v, {down}); }) &&
           llvm::all_of(sharedGated.getResults(),
                        [&](Value v) { return onlyBy(v, {sharedDown}); }) &&
           onlyBy(down.getResult(0), {combine}) &&
           onlyBy(sharedDown.getResult(0), {combine});
  }

  void fold() {
    // Plans, grouped calls and combine keep their places and their results.
    int64_t experts = fieldOf(gated, "experts") + 1;
    int64_t slots = fieldOf(gated, "topk") + 1;
    auto planned = plan.getResults().take_back(3);
    planned[0].setType(withSize(planned[0], 0, experts + 1));
    planned[1].setType(withSize(planned[1], 1, slots));
    planned[2].setType(withSize(planned[2], 1, slots));
    setFields(plan, {{"shared", 1}});
    for (CallOp grouped : {gated, down}) {
      setFields(grouped, {{"experts", experts}, {"topk", slots}});
      for (Value result : grouped.getResults())
        result.setType(withSize(result, 1, slots));
    }
    appendWeights(gated, sharedGated);
    appendWeights(down, sharedDown);
    setFields(combine, {{"shared", 2}});
    combine->eraseOperand(3);
    sharedDown.erase();
    sharedGated.erase();
  }

  void setFields(CallOp call, ArrayRef<std::pair<StringRef, int64_t>> changed) {
    Builder builder(call.getContext());
    NamedAttrList fields(call.getShape());
    for (auto [name, value] : changed)
      fields.set(name, builder.getI32IntegerAttr(int32_t(value)));
    call.setShapeAttr(fields.getDictionary(call.getContext()));
  }

  void appendWeights(CallOp call, CallOp shared) {
    SmallVector<Attribute> weights(call.getWeightsAttr().getValue());
    llvm::append_range(weights, shared.getWeightsAttr());
    call.setWeightsAttr(ArrayAttr::get(call.getContext(), weights));
  }
};

struct FoldSharedExpert : impl::FoldSharedExpertPassBase<FoldSharedExpert> {
  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    SmallVector<CallOp> ends;
    getOperation().walk([&](CallOp call) {
      if (isFamily(call, "combine"))
        ends.push_back(call);
    });
    for (CallOp end : ends)
      if (Mixture mixture; mixture.find(end, symbols))
        mixture.fold();
  }
};

} // namespace
} // namespace ds::kernel
