// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/import/LayerBuilder.h"

using namespace mlir;

namespace ds {

RoleBuilder::RoleBuilder(OpBuilder &builder,
                         const checkpoint::LayerTensors &layer,
                         const checkpoint::ModelConfig &config)
    : builder(builder), layer(layer), config(config) {}

static std::string nameOf(const checkpoint::LayerTensors &layer,
                          StringRef role) {
  return (Twine(checkpoint::nameOf(layer.kind)) + "." + role).str();
}

FlatSymbolRefAttr RoleBuilder::symbol(StringRef role) const {
  return FlatSymbolRefAttr::get(builder.getContext(), nameOf(layer, role));
}

bool RoleBuilder::has(StringRef role) const {
  return layer.roles.contains(role.str());
}

Location RoleBuilder::location(StringRef role) const {
  return NameLoc::get(builder.getStringAttr("layers." + nameOf(layer, role)));
}

RankedTensorType RoleBuilder::rows(int64_t width) const {
  return RankedTensorType::get({ShapedType::kDynamic, width},
                               builder.getF32Type());
}

FloatAttr RoleBuilder::f32(double value) const {
  return builder.getF32FloatAttr(static_cast<float>(value));
}

Value RoleBuilder::linear(Value input, StringRef role) {
  int64_t width = layer.roles.at(role.str()).front().shape[0];
  return LinearOp::create(builder, location(role), rows(width), input,
                          /*scales=*/Value(),
                          builder.getArrayAttr(symbol(role)));
}

Value RoleBuilder::rmsNorm(Value input, StringRef role, double eps) {
  return RMSNormOp::create(builder, location(role), input.getType(), input,
                           symbol(role), f32(eps));
}

Value RoleBuilder::feedForward(Value input, StringRef prefix) {
  Value gate = linear(input, (prefix + "gate_proj").str());
  Value up = linear(input, (prefix + "up_proj").str());
  Value activated = SwiGLUOp::create(builder, location(prefix.drop_back()),
                                     gate.getType(), gate, up);
  return linear(activated, (prefix + "down_proj").str());
}

func::FuncOp buildLayer(OpBuilder &builder,
                        const checkpoint::LayerTensors &layer,
                        const checkpoint::ModelConfig &config,
                        const ImportOptions &options) {
  OpBuilder::InsertionGuard guard(builder);
  RoleBuilder roles(builder, layer, config);
  Type batch = BatchType::get(builder.getContext());
  Type state = StateType::get(builder.getContext());
  Type rows = roles.rows(config.hiddenSize);
  Type angles =
      RankedTensorType::get({ShapedType::kDynamic, config.qkRopeHeadDim / 2, 2},
                            builder.getF32Type());
  StringRef kind = checkpoint::nameOf(layer.kind);
  auto location = [&](StringRef part) { return roles.location(part); };

  auto function = func::FuncOp::create(
      builder, NameLoc::get(builder.getStringAttr("layers." + kind)),
      ("layer_" + kind).str(),
      builder.getFunctionType({batch, rows, rows, angles, state},
                              {rows, rows, state}));
  function->setAttr(DSDialect::kLayerKindAttr, builder.getStringAttr(kind));
  Block *body = function.addEntryBlock();
  builder.setInsertionPointToStart(body);
  LayerValues values{body->getArgument(0), body->getArgument(1),
                     body->getArgument(2), body->getArgument(3),
                     body->getArgument(4)};

  if (options.tapHidden)
    TapOp::create(builder, location("tap"), values.residual, values.delta);
  Value stream = AddOp::create(builder, location("input"), rows,
                               values.residual, values.delta);
  Value normed = roles.rmsNorm(stream, "input_layernorm", config.rmsNormEps);
  AttentionResult attention = buildAttention(roles, normed, values);
  stream = AddOp::create(builder, location("self_attn"), rows, stream,
                         attention.output);
  normed = roles.rmsNorm(stream, "post_attention_layernorm", config.rmsNormEps);
  Value delta = layer.kind == checkpoint::LayerKind::Dense
                    ? roles.feedForward(normed, "mlp.")
                    : buildExperts(roles, normed, options);
  func::ReturnOp::create(builder, location("output"),
                         ValueRange{stream, delta, attention.latent});
  return function;
}

} // namespace ds
