// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Merges neighbouring calls for targets where a launch costs as much as a small
// kernel. Each merge looks at one call and those that read its results; what it
// puts in their place computes the same formulas in the same order, roundings
// included, so reference rows give the same bits.
#include "kernels/gate_plan/gate_plan.h"
#include "passes/kernel/MergedCall.h"
#include "passes/kernel/Passes.h"
#include <llvm/ADT/SmallPtrSet.h>
#include <mlir/Dialect/Func/IR/FuncOps.h>

using namespace mlir;

namespace ds::kernel {
#define GEN_PASS_DEF_FUSECALLSPASS
#include "passes/kernel/Passes.h.inc"

namespace {

/// add_rms_norm, quantize and, where others read the row, its rounding.
void fuseNormQuantize(CallOp norm) {
  Value row = norm.getResult(1);
  CallOp quantize, cast;
  bool isReadInF32 = false;
  for (Operation *user : row.getUsers()) {
    auto call = dyn_cast<CallOp>(user);
    CallOp *place = isFamily(call, "quantize") ? &quantize
                    : isFamily(call, "cast")   ? &cast
                                               : nullptr;
    if (place && !*place)
      *place = call;
    else
      isReadInF32 = true;
  }
  if (!quantize || (cast && isReadInF32))
    return;
  MergedCall merged("add_rms_norm_quantize", norm, {norm, quantize, cast});
  merged.addResult(norm.getResult(0));
  if (cast)
    merged.addResult(cast.getResult(0));
  else if (isReadInF32)
    merged.addResult(row);
  merged.addResults(quantize.getResults());
  merged.copyFields(norm, {"n", "eps"});
  merged.copyFields(quantize, {"scale_format"});
  merged.setField("keep", cast || isReadInF32);
  merged.replace(norm.getInputs(), norm.getWeightsAttr());
}

/// rms_norm of the query's columns and latent_append of the same rows.
void fuseQueryNormAppend(CallOp norm) {
  Value rows = norm.getInputs()[0], query = norm.getResult(0);
  CallOp append = onlyUser(rows, "latent_append");
  if (!append || !isBefore(append.getInputs()[1], norm) ||
      !isBefore(append.getInputs()[2], norm) ||
      !append.getInputs()[2].hasOneUse())
    return;
  CallOp quantize = soleUser(query, "quantize");
  auto state = cast<StateType>(append.getResult(0).getType());
  if (!quantize && elementOf(query) != state.getElement())
    return;
  MergedCall merged("query_norm_append", norm, {norm, append, quantize});
  if (quantize)
    merged.addResults(quantize.getResults());
  else
    merged.addResult(query);
  merged.addResult(append.getResult(0));
  merged.copyFields(norm, {"n", "in_stride"});
  merged.copyField("query_offset", norm, "in_offset");
  merged.copyField("query_eps", norm, "eps");
  merged.copyFields(append, {"latent", "rope", "page_tokens"});
  merged.copyField("latent_offset", append, "in_offset");
  merged.copyField("latent_eps", append, "eps");
  merged.setField("codes", bool(quantize));
  if (quantize)
    merged.copyFields(quantize, {"scale_format"});
  else
    merged.setField("scale_format", 0);
  merged.replace(append.getInputs(), norm.getWeightsAttr().getValue(),
                 append.getWeightsAttr().getValue());
}

/// absorb_query and rope of one query.
void fuseRopeAbsorb(CallOp absorb) {
  Value query = absorb.getInputs()[0];
  CallOp rope = onlyUser(query, "rope");
  if (!rope || !isBefore(rope.getInputs()[1], absorb) ||
      fieldOf(rope, "heads") != fieldOf(absorb, "heads") ||
      fieldOf(rope, "head_stride") != fieldOf(absorb, "head_stride") ||
      fieldOf(rope, "in_offset") != fieldOf(absorb, "nope") ||
      fieldOf(rope, "in_stride") !=
          fieldOf(absorb, "heads") * fieldOf(absorb, "head_stride") ||
      elementOf(rope.getResult(0)) != elementOf(absorb.getResult(0)))
    return;
  CallOp first = rope->isBeforeInBlock(absorb) ? rope : absorb;
  MergedCall merged("rope_absorb_query", first, {absorb, rope});
  merged.addResults(absorb.getResults());
  merged.addResults(rope.getResults());
  merged.copyFields(absorb,
                    {"heads", "nope", "latent", "head_stride", "weight_rows"});
  merged.copyField("rope", rope, "dim");
  merged.replace(rope.getInputs(), absorb.getWeightsAttr());
}

/// absorb_value and quantize.
void fuseAbsorbQuantize(CallOp absorb) {
  Value row = absorb.getResult(0);
  CallOp quantize = soleUser(row, "quantize");
  if (!quantize || elementOf(row) != elementOf(absorb.getInputs()[0]))
    return;
  MergedCall merged("absorb_value_quantize", absorb, {absorb, quantize});
  merged.addResults(quantize.getResults());
  merged.copyFields(absorb,
                    {"heads", "latent", "value", "weight_rows", "row_offset"});
  merged.copyFields(quantize, {"scale_format"});
  merged.replace(absorb.getInputs(), absorb.getWeightsAttr());
}

/// gate_topk and expert_plan.
void fuseGatePlan(CallOp gate) {
  CallOp plan = onlyUser(gate.getResult(0), "expert_plan");
  if (!plan)
    return;
  MergedCall merged("gate_plan", gate, {gate, plan});
  merged.addResults(gate.getResults());
  merged.addResults(plan.getResults());
  merged.copyFields(gate,
                    {"experts", "topk", "groups", "topk_groups", "scoring",
                     "group_score", "normalize", "bias", "scale"});
  merged.copyFields(plan, {"shared"});
  merged.replace(gate.getInputs(), gate.getWeightsAttr());
}

/// swiglu of a linear of two parts and, where that takes codes, quantize.
void fuseGated(CallOp swiglu) {
  Value both = swiglu.getInputs()[0], row = swiglu.getResult(0);
  auto linear = both.getDefiningOp<CallOp>();
  bool isGrouped = isFamily(linear, "grouped_linear");
  int64_t n = fieldOf(swiglu, "n");
  if (!linear || !both.hasOneUse() || fieldOf(linear, "parts") != 2 ||
      (isGrouped
           ? fieldOf(linear, "gather") != 1
           : fieldOf(linear, "out0") != n || fieldOf(linear, "head_rows")))
    return;
  Value input = linear.getInputs()[0];
  CallOp quantize;
  if (isa<Float8E4M3FNType>(elementOf(input))) {
    quantize = soleUser(row, "quantize");
    if (!quantize)
      return;
  } else if (elementOf(row) != elementOf(input)) {
    return;
  }
  MergedCall merged(isGrouped ? "grouped_gated_linear" : "gated_linear", swiglu,
                    {linear, swiglu, quantize});
  merged.addResults(quantize ? quantize.getResults() : swiglu.getResults());
  merged.copyFields(linear, {"in"});
  if (isGrouped)
    merged.copyFields(linear, {"experts", "topk"});
  merged.copyField("out", swiglu, "n");
  if (quantize)
    merged.copyFields(quantize, {"scale_format"});
  else
    merged.setField("scale_format", 0);
  merged.replace(linear.getInputs(), linear.getWeightsAttr());
}

struct Merge {
  StringLiteral family; // of the call that it begins with
  void (*fuse)(CallOp);
};
constexpr Merge kMerges[] = {
    {"add_rms_norm", fuseNormQuantize},
    {"rms_norm", fuseQueryNormAppend},
    {"absorb_query", fuseRopeAbsorb},
    {"absorb_value", fuseAbsorbQuantize},
    {"swiglu", fuseGated},
};

struct FuseCalls : impl::FuseCallsPassBase<FuseCalls> {
  using FuseCallsPassBase::FuseCallsPassBase;

  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>())
      for (const Merge &merge : kMerges)
        apply(function, merge);
    if (decodeTokens > kernels::kGatePlanTokens)
      return;
    for (func::FuncOp function : decodeFunctions())
      apply(function, {"gate_topk", fuseGatePlan});
  }

  /// A merge erases calls of other families only, and the one it begins with.
  void apply(func::FuncOp function, const Merge &merge) {
    SmallVector<CallOp> calls;
    for (auto call : function.getOps<CallOp>())
      if (isFamily(call, merge.family))
        calls.push_back(call);
    for (CallOp call : calls)
      merge.fuse(call);
  }

  /// The decode entry, and the bodies that no other entry runs.
  SmallVector<func::FuncOp> decodeFunctions() {
    SmallVector<func::FuncOp> found;
    llvm::SmallPtrSet<Operation *, 4> ofOthers;
    for (auto entry : getOperation().getOps<func::FuncOp>()) {
      auto kind = entry->getAttrOfType<StringAttr>(kEntryAttr);
      if (!kind)
        continue;
      bool isDecode = kind == "decode";
      if (isDecode)
        found.push_back(entry);
      for (auto layers : entry.getOps<LayersOp>()) {
        auto body = getOperation().lookupSymbol<func::FuncOp>(layers.getBody());
        if (!isDecode)
          ofOthers.insert(body);
        else if (!llvm::is_contained(found, body))
          found.push_back(body);
      }
    }
    llvm::erase_if(found, [&](func::FuncOp function) {
      return ofOthers.contains(function);
    });
    return found;
  }
};

} // namespace
} // namespace ds::kernel
