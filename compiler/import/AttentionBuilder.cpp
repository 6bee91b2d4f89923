// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Multi-head latent attention of a layer (model-spec 1.5).
#include "compiler/import/LayerBuilder.h"

using namespace mlir;

namespace ds {
namespace {

// Not rms_norm_eps: the published models use this constant for both norms.
constexpr double kLowRankEps = 1e-6;

FloatAttr f64(MLIRContext *context, double value) {
  return FloatAttr::get(Float64Type::get(context), value);
}

FloatAttr f64(MLIRContext *context, std::optional<double> value) {
  return value ? f64(context, *value) : FloatAttr();
}

Value buildQuery(RoleBuilder &roles, Value input) {
  if (!roles.has("self_attn.q_a_proj"))
    return roles.linear(input, "self_attn.q_proj");
  Value low = roles.linear(input, "self_attn.q_a_proj");
  low = roles.rmsNorm(low, "self_attn.q_a_layernorm", kLowRankEps);
  return roles.linear(low, "self_attn.q_b_proj");
}

} // namespace

MLAAttr mlaOf(MLIRContext *context, const checkpoint::ModelConfig &config) {
  return MLAAttr::get(context, config.numAttentionHeads,
                      config.qLoraRank.value_or(0), config.kvLoraRank,
                      config.qkNopeHeadDim, config.qkRopeHeadDim,
                      config.vHeadDim);
}

RopeAttr ropeOf(MLIRContext *context, const checkpoint::ModelConfig &config) {
  YarnAttr yarn;
  if (const auto &scaling = config.ropeScaling)
    yarn = YarnAttr::get(
        context, f64(context, scaling->factor),
        scaling->originalMaxPositionEmbeddings, f64(context, scaling->betaFast),
        f64(context, scaling->betaSlow), scaling->truncate,
        f64(context, scaling->mscale), f64(context, scaling->mscaleAllDim),
        f64(context, scaling->attentionFactor));
  return RopeAttr::get(context, config.qkRopeHeadDim,
                       f64(context, config.ropeTheta), yarn);
}

AttentionResult buildAttention(RoleBuilder &roles, Value input,
                               const LayerValues &values) {
  OpBuilder &builder = roles.builder;
  MLIRContext *context = builder.getContext();
  MLAAttr mla = mlaOf(context, roles.config);

  Value query = buildQuery(roles, input);
  Value latentRows = roles.linear(input, "self_attn.kv_a_proj_with_mqa");
  Value latent = StateAppendOp::create(
      builder, roles.location("self_attn.kv_a_layernorm"),
      StateType::get(context), values.batch, latentRows, values.angles,
      values.latent, roles.symbol("self_attn.kv_a_layernorm"), mla,
      roles.f32(kLowRankEps));
  Value heads = MLAAttentionOp::create(
      builder, roles.location("self_attn.kv_b_proj"),
      roles.rows(mla.getValueWidth()), values.batch, query, values.angles,
      latent, roles.symbol("self_attn.kv_b_proj"), mla,
      ropeOf(context, roles.config), /*scale=*/FloatAttr());
  return {roles.linear(heads, "self_attn.o_proj"), latent};
}

} // namespace ds
