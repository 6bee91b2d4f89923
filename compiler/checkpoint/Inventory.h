// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which tensors a deepseek_v3 checkpoint must hold, as roles per layer kind.
// A role is a tensor's name without layer prefix and ".weight": the experts of
// a layer share one role.
#pragma once
#include "compiler/checkpoint/ModelConfig.h"

namespace ds::checkpoint {

enum class LayerKind : uint32_t { Dense, Moe, Mtp };
std::string_view nameOf(LayerKind kind);

/// Which element types a role's tensor may have.
enum class RoleForm : uint32_t {
  Norm,   // BF16
  Plain,  // a matrix that is never quantised: BF16
  Matrix, // BF16, or F8_E4M3 with F32 scales per 128 x 128 block
  Bias,   // F32 or BF16
};

struct RoleSpec {
  std::string role;
  RoleForm form;
  std::vector<uint64_t> shape; // weights are [out, in]
  std::string shapeKeys;       // the config keys behind the shape
  uint32_t count = 1;          // n_routed_experts for an expert's role
  bool isExpert() const { return role.starts_with("mlp.experts."); }
};

/// embed_tokens, norm, and lm_head unless it is tied.
std::vector<RoleSpec> globalRoles(const ModelConfig &config);
/// In the order of computation; an Mtp layer's are a Moe layer's and its own.
std::vector<RoleSpec> layerRoles(const ModelConfig &config, LayerKind kind);

/// "model.norm.weight".
std::string globalTensorName(const RoleSpec &role);
/// "model.layers.3.mlp.experts.7.up_proj.weight"; `expert` counts only for an
/// expert's role.
std::string layerTensorName(const RoleSpec &role, uint32_t layer,
                            uint32_t expert = 0);
/// "….weight" has its scales in "….weight_scale_inv".
std::string scaleTensorName(std::string_view weight);

constexpr uint64_t kScaleBlock = 128; // rows and columns under one scale
/// The scale grid of a [out, in] weight: [ceil(out / 128), ceil(in / 128)].
std::vector<uint64_t> scaleShape(const std::vector<uint64_t> &shape);

} // namespace ds::checkpoint
