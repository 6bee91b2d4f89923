// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The mixture of experts of a layer (model-spec 1.7). Scores are sigmoids and
// groups count by their two best: what noaux_tc, the only accepted
// topk_method, means.
#include "compiler/import/LayerBuilder.h"

using namespace mlir;

namespace ds {

static GateAttr gateOf(Builder &builder,
                       const checkpoint::ModelConfig &config) {
  // One expert has nothing to share its weight with (model-spec 1.7).
  bool normalize = config.normTopkProb && config.numExpertsPerTok > 1;
  return GateAttr::get(builder.getContext(), config.nRoutedExperts,
                       config.numExpertsPerTok, config.nGroup, config.topkGroup,
                       GateScoring::Sigmoid, normalize,
                       builder.getF64FloatAttr(config.routedScalingFactor));
}

Value buildExperts(RoleBuilder &roles, Value input,
                   const ImportOptions &options) {
  OpBuilder &builder = roles.builder;
  const checkpoint::ModelConfig &config = roles.config;
  int64_t topk = config.numExpertsPerTok;

  Value logits = roles.linear(input, "mlp.gate");
  auto ids =
      RankedTensorType::get({ShapedType::kDynamic, topk}, builder.getI32Type());
  auto gate = GateOp::create(builder, roles.location("mlp.gate"),
                             TypeRange{ids, roles.rows(topk)}, logits,
                             roles.symbol("mlp.gate.e_score_correction_bias"),
                             gateOf(builder, config));
  if (options.tapExperts)
    TapExpertsOp::create(builder, roles.location("tap_experts"), gate.getIds());

  Value shared;
  if (roles.has("mlp.shared_experts.gate_proj"))
    shared = roles.feedForward(input, "mlp.shared_experts.");
  return ExpertsOp::create(
      builder, roles.location("mlp.experts"), roles.rows(config.hiddenSize),
      input, gate.getIds(), gate.getWeights(), shared,
      roles.symbol("mlp.experts.gate_proj"),
      roles.symbol("mlp.experts.up_proj"),
      roles.symbol("mlp.experts.down_proj"),
      builder.getI64IntegerAttr(config.nRoutedExperts),
      builder.getI64IntegerAttr(config.moeIntermediateSize));
}

} // namespace ds
