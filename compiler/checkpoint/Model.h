// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A checkpoint whose config, shards and tensors agree: what the compiler
// imports. Made from config, index and headers; no weight byte is read.
#pragma once
#include "compiler/checkpoint/Checkpoint.h"
#include "compiler/checkpoint/Inventory.h"
#include "compiler/checkpoint/ModelConfig.h"

namespace ds::checkpoint {

/// How a tensor's values are stored.
enum class Encoding : uint32_t {
  F32,
  BF16,
  F8E4M3Block128, // F8_E4M3; value = code * scale[row / 128, column / 128],
                  // scales f32 [ceil(out / 128), ceil(in / 128)]
};
std::string_view nameOf(Encoding encoding);

struct TensorPlace {
  uint32_t shard = 0;  // index into Checkpoint::shards
  uint64_t offset = 0; // from the start of the shard's file
  uint64_t bytes = 0;
};

struct RoleTensor {
  Encoding encoding = Encoding::BF16;
  TensorPlace data = {};
  std::optional<TensorPlace> scale = {}; // F8E4M3Block128 only
  std::string name;                      // of the weight in the checkpoint
  std::vector<uint64_t> shape = {};
};

struct LayerTensors {
  LayerKind kind = LayerKind::Dense;
  /// Role to its tensors: one, or n_routed_experts for "mlp.experts.…".
  /// Which roles there are: layerRoles().
  std::map<std::string, std::vector<RoleTensor>> roles;
};

struct Model {
  std::string configName; // of the file in the checkpoint's folder
  ModelConfig config;
  Checkpoint checkpoint;
  /// "embed_tokens", "norm", "lm_head"; a tied lm_head is embed_tokens again.
  std::map<std::string, RoleTensor> globals;
  std::vector<LayerTensors> layers;    // num_hidden_layers
  std::vector<LayerTensors> mtpLayers; // none, or num_nextn_predict_layers
  bool hasMtp = false;
  uint64_t unusedBytes = 0; // stored and in none of the above
  std::vector<std::string> notes;   // sentences for the user
  std::vector<std::string> details; // what a note counts, one by one
};

/// `path` is a checkpoint folder or its config file. Every required tensor is
/// there once, with the config's shape and a supported element type; a role has
/// one encoding in all layers of a kind. Errors: all independent ones.
Result<Model> readModel(const std::string &path,
                        const ReadOptions &options = {});

} // namespace ds::checkpoint
