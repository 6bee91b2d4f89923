// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/kernel/CallBuilder.h"

using namespace mlir;

namespace ds::kernel {
namespace {

int64_t lastSize(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape().back();
}

/// Rows of the kernel per token: 1, or the slots of a token.
int64_t rowsPerToken(Value value) {
  auto shape = cast<RankedTensorType>(value.getType()).getShape();
  return shape.size() == 3 ? shape[1] : 1;
}

/// The op's state; its type is that of the kernels already.
Value stateOf(Operation *op) {
  return *llvm::find_if(op->getOperands(), [](Value value) {
    return isa<kernel::StateType>(value.getType());
  });
}

} // namespace

Columns columnsOf(Value value) {
  if (auto view = value.getDefiningOp<ColumnsOp>()) {
    Columns under = columnsOf(view.getInput());
    under.offset += view.getOffset();
    return under;
  }
  return {value, lastSize(value), 0};
}

ArrayRef<int64_t> CallBuilder::shapeOf(Attribute weight) {
  auto name = cast<FlatSymbolRefAttr>(weight).getValue();
  return symbols_.lookup<ds::WeightOp>(name).getShape();
}

int64_t CallBuilder::pageTokens() {
  for (auto state : module_.getOps<ds::StateOp>())
    return state.getPage();
  return 0;
}

CallOp CallBuilder::call(Operation *op, StringRef family, TypeRange results,
                         ValueRange inputs, ArrayRef<Attribute> weights,
                         ArrayRef<Field> shape, StringRef tap) {
  SmallVector<NamedAttribute> fields;
  for (const Field &field : shape) {
    Attribute value;
    if (auto *real = std::get_if<FloatAttr>(&field.value))
      value = *real;
    else
      value = builder_.getI32IntegerAttr(
          static_cast<int32_t>(std::get<int64_t>(field.value)));
    fields.push_back(builder_.getNamedAttr(field.name, value));
  }
  builder_.setInsertionPoint(op);
  return CallOp::create(
      builder_, op->getLoc(), results,
      FlatSymbolRefAttr::get(op->getContext(), family), inputs,
      weights.empty() ? ArrayAttr() : builder_.getArrayAttr(weights),
      builder_.getDictionaryAttr(fields), ArrayAttr(),
      tap.empty() ? StringAttr() : builder_.getStringAttr(tap));
}

LogicalResult CallBuilder::replace(Operation *op, StringRef family,
                                   ValueRange inputs,
                                   ArrayRef<Attribute> weights,
                                   ArrayRef<Field> shape) {
  for (Value input : inputs)
    if (input.getDefiningOp<ColumnsOp>())
      return op->emitOpError("reads a view of columns, but ")
             << family << " reads whole rows";
  SmallVector<Type> results;
  for (Type type : op->getResultTypes())
    results.push_back(type);
  for (Value input : inputs)
    if (auto state = dyn_cast<kernel::StateType>(input.getType()))
      for (Type &type : results)
        if (isa<ds::StateType>(type))
          type = state;
  op->replaceAllUsesWith(call(op, family, results, inputs, weights, shape));
  return success();
}

FlatSymbolRefAttr CallBuilder::constant(Operation *user,
                                        ArrayRef<float> values) {
  auto type = RankedTensorType::get({int64_t(values.size())},
                                    builder_.getF32Type());
  auto value = DenseElementsAttr::get(type, values);
  uint32_t others = 0;
  for (auto weight : module_.getOps<WeightOp>()) {
    if (weight.getValueAttr() == value)
      return FlatSymbolRefAttr::get(weight.getSymNameAttr());
    others += bool(weight.getValueAttr());
  }
  std::string name = "rope.inv_freq";
  if (others)
    name += "." + std::to_string(others);
  builder_.setInsertionPointToStart(module_.getBody());
  auto weight = WeightOp::create(
      builder_, user->getLoc(), builder_.getStringAttr(name),
      builder_.getDenseI64ArrayAttr(type.getShape()),
      EncodingAttr::get(user->getContext(), Encoding::F32), IntegerAttr(),
      value);
  return FlatSymbolRefAttr::get(weight.getSymNameAttr());
}

SmallVector<Field> CallBuilder::linearShape(ArrayAttr weights, bool headRows) {
  static constexpr StringLiteral kOuts[] = {"out0", "out1", "out2", "out3"};
  SmallVector<Field> shape{{"in", shapeOf(weights[0])[1]},
                           {"parts", int64_t(weights.size())},
                           {"head_rows", int64_t(headRows)}};
  for (auto [index, name] : llvm::enumerate(kOuts))
    shape.push_back(
        {name, index < weights.size() ? shapeOf(weights[index])[0] : 0});
  return shape;
}

LogicalResult CallBuilder::convertRows(Operation *op) {
  if (auto embedding = dyn_cast<EmbeddingOp>(op))
    return replace(op, "embedding", {}, embedding.getWeightAttr(),
                   {{"hidden", shapeOf(embedding.getWeightAttr())[1]},
                    {"vocab", shapeOf(embedding.getWeightAttr())[0]}});
  if (auto add = dyn_cast<AddOp>(op))
    return replace(op, "add_rows", add->getOperands(), {},
                   {{"n", lastSize(add.getSum())}});
  if (auto norm = dyn_cast<RMSNormOp>(op)) {
    Columns columns = columnsOf(norm.getInput());
    return replace(op, "rms_norm", columns.whole, norm.getWeightAttr(),
                   {{"n", lastSize(norm.getOutput())},
                    {"in_stride", columns.stride},
                    {"in_offset", columns.offset},
                    {"eps", norm.getEpsAttr()}});
  }
  if (auto norm = dyn_cast<AddRMSNormOp>(op))
    return replace(
        op, "add_rms_norm", norm->getOperands(), norm.getWeightAttr(),
        {{"n", lastSize(norm.getOutput())}, {"eps", norm.getEpsAttr()}});
  if (auto norm = dyn_cast<HeadNormOp>(op))
    return replace(
        op, "head_norm", {norm.getResidual(), norm.getDelta()},
        norm.getWeightAttr(),
        {{"n", lastSize(norm.getOutput())}, {"eps", norm.getEpsAttr()}});
  if (auto linear = dyn_cast<LinearOp>(op)) {
    if (linear.getWeights().size() > 4)
      return op->emitOpError("has ") << linear.getWeights().size()
                                     << " weights, a kernel takes at most 4";
    return replace(op, "linear", linear->getOperands(),
                   linear.getWeights().getValue(),
                   linearShape(linear.getWeights(), false));
  }
  if (auto head = dyn_cast<LMHeadOp>(op))
    return replace(
        op, "linear", head.getInput(), head.getWeightAttr(),
        linearShape(builder_.getArrayAttr({head.getWeightAttr()}), true));
  if (auto swiglu = dyn_cast<SwiGLUOp>(op)) {
    Columns gate = columnsOf(swiglu.getGate()), up = columnsOf(swiglu.getUp());
    int64_t n = lastSize(swiglu.getOutput());
    if (gate.whole != up.whole || gate.offset != 0 || up.offset != n ||
        gate.stride != 2 * n)
      return op->emitOpError("reads two values, but swiglu reads gate and up "
                             "side by side (ds-fuse-projections)");
    return replace(
        op, "swiglu", gate.whole, {},
        {{"n", n}, {"rows_per_token", rowsPerToken(gate.whole)}});
  }
  if (auto quantize = dyn_cast<QuantizeOp>(op))
    return replace(
        op, "quantize", quantize.getInput(), {},
        {{"n", lastSize(quantize.getInput())},
         {"rows_per_token", rowsPerToken(quantize.getInput())},
         {"scale_format", quantize.getScaleFormat() == ScaleFormat::UE8M0}});
  if (auto narrowed = dyn_cast<CastOp>(op);
      narrowed && narrowed.getInput().getType().getElementType().isF32() &&
      narrowed.getOutput().getType().getElementType().isBF16())
    return replace(op, "cast", narrowed.getInput(), {},
                   {{"n", lastSize(narrowed.getInput())},
                    {"rows_per_token", rowsPerToken(narrowed.getInput())}});
  if (auto tap = dyn_cast<TapOp>(op)) {
    call(op, "add_rows", tap.getResidual().getType(), tap->getOperands(), {},
         {{"n", lastSize(tap.getResidual())}}, "hidden");
    return success();
  }
  if (auto tap = dyn_cast<TapExpertsOp>(op)) {
    call(op, "copy_rows", tap.getIds().getType(), tap->getOperands(), {},
         {{"n", lastSize(tap.getIds())}}, "experts");
    return success();
  }
  return op->emitOpError("is computed by no kernel");
}

LogicalResult CallBuilder::convertAttention(Operation *op) {
  if (auto table = dyn_cast<RopeTableOp>(op)) {
    if (!table.getInvFreq())
      return op->emitOpError("has no frequencies (ds-fold-yarn)");
    FlatSymbolRefAttr frequencies = constant(op, *table.getInvFreq());
    return replace(op, "rope_table", {}, frequencies,
                   {{"pairs", int64_t(table.getInvFreq()->size())},
                    {"attention", table.getAttentionAttr()}});
  }
  if (auto append = dyn_cast<StateAppendOp>(op)) {
    Columns rows = columnsOf(append.getRows());
    return replace(op, "latent_append",
                   {rows.whole, append.getAngles(), stateOf(op)},
                   append.getWeightAttr(),
                   {{"latent", append.getMla().getKvLoraRank()},
                    {"rope", append.getMla().getQkRopeHeadDim()},
                    {"in_stride", rows.stride},
                    {"in_offset", rows.offset},
                    {"page_tokens", pageTokens()},
                    {"eps", append.getEpsAttr()}});
  }
  if (auto rope = dyn_cast<RopeOp>(op)) {
    Columns query = columnsOf(rope.getInput());
    MLAAttr mla = rope.getMla();
    return replace(op, "rope", {query.whole, rope.getAngles()}, {},
                   {{"heads", mla.getHeads()},
                    {"dim", mla.getQkRopeHeadDim()},
                    {"in_stride", query.stride},
                    {"in_offset", query.offset + mla.getQkNopeHeadDim()},
                    {"head_stride", mla.getQkHeadDim()}});
  }
  if (auto attention = dyn_cast<ExpandedAttentionOp>(op)) {
    MLAAttr mla = attention.getMla();
    return replace(op, "attention_prefill",
                   {attention.getQuery(), attention.getRopeQuery(),
                    stateOf(op)},
                   attention.getWeightAttr(),
                   {{"heads", mla.getHeads()},
                    {"nope", mla.getQkNopeHeadDim()},
                    {"rope", mla.getQkRopeHeadDim()},
                    {"value", mla.getVHeadDim()},
                    {"latent", mla.getKvLoraRank()},
                    {"head_stride", mla.getQkHeadDim()},
                    {"page_tokens", pageTokens()},
                    {"max_tokens", int64_t(maxTokens_)},
                    {"context", int64_t(context_)},
                    {"scale", attention.getScaleAttr()}});
  }
  if (auto attention = dyn_cast<LatentAttentionOp>(op)) {
    MLAAttr mla = attention.getMla();
    return replace(op, "mla_decode",
                   {attention.getQuery(), attention.getRopeQuery(),
                    stateOf(op)},
                   {},
                   {{"heads", mla.getHeads()},
                    {"latent", mla.getKvLoraRank()},
                    {"rope", mla.getQkRopeHeadDim()},
                    {"page_tokens", pageTokens()},
                    {"context", int64_t(context_)},
                    {"scale", attention.getScaleAttr()}});
  }
  if (auto linear = dyn_cast<PerHeadLinearOp>(op)) {
    MLAAttr mla = linear.getMla();
    if (linear.getPart() == ProjectionPart::Key)
      return replace(op, "absorb_query", linear.getInput(),
                     linear.getWeightAttr(),
                     {{"heads", mla.getHeads()},
                      {"nope", mla.getQkNopeHeadDim()},
                      {"latent", mla.getKvLoraRank()},
                      {"head_stride", mla.getQkHeadDim()},
                      {"weight_rows", mla.getKvHeadRows()}});
    return replace(op, "absorb_value", linear.getInput(),
                   linear.getWeightAttr(),
                   {{"heads", mla.getHeads()},
                    {"latent", mla.getKvLoraRank()},
                    {"value", mla.getVHeadDim()},
                    {"weight_rows", mla.getKvHeadRows()},
                    {"row_offset", mla.getQkNopeHeadDim()}});
  }
  return convertRows(op);
}

LogicalResult CallBuilder::gate(Operation *op, Value logits,
                                FlatSymbolRefAttr bias, GateAttr gate) {
  // Places of the enumerations in the contract of gate_topk.
  int64_t biasKind = 0;
  SmallVector<Attribute> weights;
  if (bias) {
    auto weight = symbols_.lookup<ds::WeightOp>(bias.getValue());
    biasKind = weight.getEncoding().getElement().isF32() ? 1 : 2;
    weights.push_back(bias);
  }
  return replace(op, "gate_topk", logits, weights,
                 {{"experts", gate.getExperts()},
                  {"topk", gate.getTopk()},
                  {"groups", gate.getNGroup()},
                  {"topk_groups", gate.getTopkGroup()},
                  {"scoring", gate.getScoring() == GateScoring::Softmax},
                  {"group_score", int64_t(0)},
                  {"normalize", int64_t(gate.getNormalize())},
                  {"bias", biasKind},
                  {"scale", builder_.getF32FloatAttr(static_cast<float>(
                                gate.getScale().getValueAsDouble()))}});
}

LogicalResult CallBuilder::convertExperts(Operation *op) {
  if (auto router = dyn_cast<RouterOp>(op)) {
    auto logits = cast<RankedTensorType>(router.getInput().getType())
                      .clone({ShapedType::kDynamic,
                              router.getGate().getExperts()},
                             builder_.getF32Type());
    CallOp linear =
        call(op, "linear", logits, router.getInput(), router.getWeightAttr(),
             linearShape(builder_.getArrayAttr({router.getWeightAttr()}),
                         false));
    return gate(op, linear.getResult(0), router.getBiasAttr(),
                router.getGate());
  }
  if (auto choice = dyn_cast<GateOp>(op))
    return gate(op, choice.getLogits(), choice.getBiasAttr(), choice.getGate());
  if (auto plan = dyn_cast<ExpertPlanOp>(op))
    return replace(op, "expert_plan", plan.getIds(), {},
                   {{"experts", int64_t(plan.getExperts())},
                    {"topk", lastSize(plan.getIds())},
                    {"shared", int64_t(0)}});
  if (auto linear = dyn_cast<GroupedLinearOp>(op)) {
    ArrayAttr weights = linear.getWeights();
    for (Attribute weight : weights)
      if (shapeOf(weight) != shapeOf(weights[0]))
        return op->emitOpError("has weights of several shapes side by side");
    return replace(op, "grouped_linear", linear->getOperands(),
                   weights.getValue(),
                   {{"in", shapeOf(weights[0])[1]},
                    {"out", shapeOf(weights[0])[0]},
                    {"parts", int64_t(weights.size())},
                    {"experts", lastSize(linear.getOffsets()) - 1},
                    {"topk", rowsPerToken(linear.getOutput())},
                    {"gather", int64_t(linear.getGather())}});
  }
  if (auto combine = dyn_cast<CombineOp>(op))
    return replace(op, "combine", combine->getOperands(), {},
                   {{"hidden", lastSize(combine.getOutput())},
                    {"topk", lastSize(combine.getSlotOf())},
                    {"shared", int64_t(bool(combine.getShared()))}});
  return convertAttention(op);
}

LogicalResult CallBuilder::convert(Operation *op) {
  if (isa<ColumnsOp>(op))
    return success(); // its readers look through it
  return convertExperts(op);
}

} // namespace ds::kernel
