// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/checkpoint/Inventory.h"

namespace ds::checkpoint {
namespace {

/// One dimension of a shape, with the formula an error shows.
struct Extent {
  const char *keys;
  uint64_t (*of)(const ModelConfig &);
};
using Config = const ModelConfig &;
constexpr Extent kNone{nullptr, nullptr};
constexpr Extent kHidden{"hidden_size",
                         [](Config c) { return uint64_t(c.hiddenSize); }};
constexpr Extent kTwoHidden{
    "2 * hidden_size", [](Config c) { return 2 * uint64_t(c.hiddenSize); }};
constexpr Extent kVocab{"vocab_size",
                        [](Config c) { return uint64_t(c.vocabSize); }};
constexpr Extent kQueryRank{
    "q_lora_rank", [](Config c) { return uint64_t(c.qLoraRank.value_or(0)); }};
constexpr Extent kQueryHeads{
    "num_attention_heads * (qk_nope_head_dim + qk_rope_head_dim)",
    [](Config c) {
      return uint64_t(c.numAttentionHeads) *
             (c.qkNopeHeadDim + c.qkRopeHeadDim);
    }};
constexpr Extent kLatentRope{"kv_lora_rank + qk_rope_head_dim", [](Config c) {
                               return uint64_t(c.kvLoraRank) + c.qkRopeHeadDim;
                             }};
constexpr Extent kLatent{"kv_lora_rank",
                         [](Config c) { return uint64_t(c.kvLoraRank); }};
constexpr Extent kKeyValueHeads{
    "num_attention_heads * (qk_nope_head_dim + v_head_dim)", [](Config c) {
      return uint64_t(c.numAttentionHeads) * (c.qkNopeHeadDim + c.vHeadDim);
    }};
constexpr Extent kValueHeads{"num_attention_heads * v_head_dim", [](Config c) {
                               return uint64_t(c.numAttentionHeads) *
                                      c.vHeadDim;
                             }};
constexpr Extent kDenseWidth{
    "intermediate_size", [](Config c) { return uint64_t(c.intermediateSize); }};
constexpr Extent kExpertWidth{"moe_intermediate_size", [](Config c) {
                                return uint64_t(c.moeIntermediateSize);
                              }};
constexpr Extent kSharedWidth{
    "n_shared_experts * moe_intermediate_size", [](Config c) {
      return uint64_t(c.nSharedExperts) * c.moeIntermediateSize;
    }};
constexpr Extent kExperts{"n_routed_experts",
                          [](Config c) { return uint64_t(c.nRoutedExperts); }};

constexpr unsigned kDense = 1, kMoe = 2, kMtp = 4;
constexpr unsigned kWithExperts = kMoe | kMtp, kEvery = kDense | kMoe | kMtp;
enum class When { Always, LowRankQuery, FullRankQuery };

struct RoleRow {
  const char *role;
  unsigned kinds;
  RoleForm form;
  Extent out, in = kNone;
  When when = When::Always;
};

constexpr RoleRow kLayerRows[] = {
    {"enorm", kMtp, RoleForm::Norm, kHidden},
    {"hnorm", kMtp, RoleForm::Norm, kHidden},
    {"eh_proj", kMtp, RoleForm::Plain, kHidden, kTwoHidden},
    {"embed_tokens", kMtp, RoleForm::Plain, kVocab, kHidden},
    {"input_layernorm", kEvery, RoleForm::Norm, kHidden},
    {"self_attn.q_a_proj", kEvery, RoleForm::Matrix, kQueryRank, kHidden,
     When::LowRankQuery},
    {"self_attn.q_a_layernorm", kEvery, RoleForm::Norm, kQueryRank, kNone,
     When::LowRankQuery},
    {"self_attn.q_b_proj", kEvery, RoleForm::Matrix, kQueryHeads, kQueryRank,
     When::LowRankQuery},
    {"self_attn.q_proj", kEvery, RoleForm::Matrix, kQueryHeads, kHidden,
     When::FullRankQuery},
    {"self_attn.kv_a_proj_with_mqa", kEvery, RoleForm::Matrix, kLatentRope,
     kHidden},
    {"self_attn.kv_a_layernorm", kEvery, RoleForm::Norm, kLatent},
    {"self_attn.kv_b_proj", kEvery, RoleForm::Matrix, kKeyValueHeads, kLatent},
    {"self_attn.o_proj", kEvery, RoleForm::Matrix, kHidden, kValueHeads},
    {"post_attention_layernorm", kEvery, RoleForm::Norm, kHidden},
    {"mlp.gate_proj", kDense, RoleForm::Matrix, kDenseWidth, kHidden},
    {"mlp.up_proj", kDense, RoleForm::Matrix, kDenseWidth, kHidden},
    {"mlp.down_proj", kDense, RoleForm::Matrix, kHidden, kDenseWidth},
    {"mlp.gate", kWithExperts, RoleForm::Plain, kExperts, kHidden},
    {"mlp.gate.e_score_correction_bias", kWithExperts, RoleForm::Bias,
     kExperts},
    {"mlp.experts.gate_proj", kWithExperts, RoleForm::Matrix, kExpertWidth,
     kHidden},
    {"mlp.experts.up_proj", kWithExperts, RoleForm::Matrix, kExpertWidth,
     kHidden},
    {"mlp.experts.down_proj", kWithExperts, RoleForm::Matrix, kHidden,
     kExpertWidth},
    {"mlp.shared_experts.gate_proj", kWithExperts, RoleForm::Matrix,
     kSharedWidth, kHidden},
    {"mlp.shared_experts.up_proj", kWithExperts, RoleForm::Matrix, kSharedWidth,
     kHidden},
    {"mlp.shared_experts.down_proj", kWithExperts, RoleForm::Matrix, kHidden,
     kSharedWidth},
    {"shared_head.norm", kMtp, RoleForm::Norm, kHidden},
    {"shared_head.head", kMtp, RoleForm::Plain, kVocab, kHidden},
};

constexpr RoleRow kGlobalRows[] = {
    {"embed_tokens", 0, RoleForm::Plain, kVocab, kHidden},
    {"norm", 0, RoleForm::Norm, kHidden},
    {"lm_head", 0, RoleForm::Plain, kVocab, kHidden},
};

RoleSpec specOf(const RoleRow &row, const ModelConfig &config) {
  RoleSpec spec{.role = row.role,
                .form = row.form,
                .shape = {row.out.of(config)},
                .shapeKeys = std::string("[") + row.out.keys};
  if (row.in.of) {
    spec.shape.push_back(row.in.of(config));
    spec.shapeKeys += std::string(", ") + row.in.keys;
  }
  spec.shapeKeys += "]";
  if (spec.isExpert())
    spec.count = config.nRoutedExperts;
  return spec;
}

std::string withSuffix(std::string name, const RoleSpec &role) {
  return role.form == RoleForm::Bias ? name : name + ".weight";
}

} // namespace

std::string_view nameOf(LayerKind kind) {
  constexpr std::string_view names[] = {"dense", "moe", "mtp"};
  return names[size_t(kind)];
}

std::vector<RoleSpec> globalRoles(const ModelConfig &config) {
  std::vector<RoleSpec> roles;
  for (const RoleRow &row : kGlobalRows)
    if (!config.tieWordEmbeddings || std::string_view(row.role) != "lm_head")
      roles.push_back(specOf(row, config));
  return roles;
}

std::vector<RoleSpec> layerRoles(const ModelConfig &config, LayerKind kind) {
  When query = config.qLoraRank ? When::LowRankQuery : When::FullRankQuery;
  std::vector<RoleSpec> roles;
  for (const RoleRow &row : kLayerRows)
    if ((row.kinds >> unsigned(kind) & 1) &&
        (row.when == When::Always || row.when == query))
      roles.push_back(specOf(row, config));
  return roles;
}

std::string globalTensorName(const RoleSpec &role) {
  return withSuffix((role.role == "lm_head" ? "" : "model.") + role.role, role);
}

std::string layerTensorName(const RoleSpec &role, uint32_t layer,
                            uint32_t expert) {
  std::string name = "model.layers." + std::to_string(layer) + ".";
  constexpr std::string_view experts = "mlp.experts.";
  if (!role.isExpert())
    return withSuffix(name + role.role, role);
  name += experts;
  name += std::to_string(expert) + "." + role.role.substr(experts.size());
  return withSuffix(std::move(name), role);
}

std::string scaleTensorName(std::string_view weight) {
  return std::string(weight) + "_scale_inv";
}

std::vector<uint64_t> scaleShape(const std::vector<uint64_t> &shape) {
  std::vector<uint64_t> grid;
  for (uint64_t extent : shape)
    grid.push_back((extent + kScaleBlock - 1) / kScaleBlock);
  return grid;
}

} // namespace ds::checkpoint
