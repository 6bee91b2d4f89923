// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Whole models: the trained one, a generated one, and one of R1's size.
#include "compiler/checkpoint/Model.h"
#include "test/compiler/checkpoint/TestFolder.h"
#include "tools/dev/MakeCheckpoint.h"
#include <chrono>

namespace ds::checkpoint {
namespace {

// The trained FP8 model is read whole: kinds, encodings, places, MTP.
TEST(ModelTest, ReadsTinyR1) {
  auto model = readModel(testModel("tiny-r1"));
  ASSERT_TRUE(model) << textOf(model);
  EXPECT_EQ(model->config.hiddenSize, 256u);
  ASSERT_EQ(model->layers.size(), 6u);
  EXPECT_EQ(model->layers[0].kind, LayerKind::Dense);
  EXPECT_EQ(model->layers[1].kind, LayerKind::Moe);
  EXPECT_TRUE(model->hasMtp);
  ASSERT_EQ(model->mtpLayers.size(), 1u);
  EXPECT_EQ(model->unusedBytes, 0u);
  EXPECT_EQ(model->globals.at("embed_tokens").encoding, Encoding::BF16);

  const auto &experts = model->layers[5].roles.at("mlp.experts.down_proj");
  ASSERT_EQ(experts.size(), 16u);
  const RoleTensor &last = experts[15];
  EXPECT_EQ(last.name, "model.layers.5.mlp.experts.15.down_proj.weight");
  EXPECT_EQ(last.encoding, Encoding::F8E4M3Block128);
  EXPECT_EQ(last.shape, (std::vector<uint64_t>{256, 128}));
  EXPECT_EQ(last.data.bytes, 256u * 128);
  ASSERT_TRUE(last.scale.has_value());
  EXPECT_EQ(last.scale->bytes, 2u * 1 * 4);
  EXPECT_TRUE(verifyUnchanged(model->checkpoint));
}

// The config file's path names the same model as its folder.
TEST(ModelTest, TakesTheConfigFile) {
  auto model = readModel(testModel("tiny-r1") + "/config.json");
  ASSERT_TRUE(model) << textOf(model);
  EXPECT_EQ(model->layers.size(), 6u);
}

// A model without a query rank has q_proj, and no trace of the low-rank pair.
TEST(ModelTest, ReadsAFullRankQuery) {
  TestFolder folder;
  ASSERT_TRUE(dev::makeCheckpoint("micro-v3-noqlora", folder.path()));
  auto model = readModel(folder.path());
  ASSERT_TRUE(model) << textOf(model);
  EXPECT_FALSE(model->hasMtp);
  const auto &roles = model->layers[0].roles;
  EXPECT_EQ(roles.at("self_attn.q_proj")[0].shape,
            (std::vector<uint64_t>{4 * 48, 192}));
  EXPECT_FALSE(roles.count("self_attn.q_a_proj"));
  EXPECT_EQ(roles.at("self_attn.q_proj")[0].encoding, Encoding::BF16);
}

// A folder without config.json is named.
TEST(ModelTest, WantsAConfig) {
  TestFolder folder;
  expectError(readModel(folder.path()), ErrorCode::FileMissing,
              {folder.at("config.json"), "not found"});
}

/// Every tensor of a model, with the element types of the FP8 releases.
TestTensors releasedTensors(const ModelConfig &config) {
  TestTensors tensors;
  auto add = [&](const RoleSpec &role, const std::string &name) {
    if (role.form == RoleForm::Matrix) {
      tensors[name] = {"F8_E4M3", role.shape};
      tensors[scaleTensorName(name)] = {"F32", scaleShape(role.shape)};
    } else {
      tensors[name] = {role.form == RoleForm::Bias ? "F32" : "BF16",
                       role.shape};
    }
  };
  for (const RoleSpec &role : globalRoles(config))
    add(role, globalTensorName(role));
  for (uint32_t i = 0; i <= config.numHiddenLayers; ++i) {
    LayerKind kind = i == config.numHiddenLayers ? LayerKind::Mtp
                     : config.isMoe(i)           ? LayerKind::Moe
                                                 : LayerKind::Dense;
    for (const RoleSpec &role : layerRoles(config, kind))
      for (uint32_t e = 0; e < role.count; ++e)
        add(role, layerTensorName(role, i, e));
  }
  return tensors;
}

// A checkpoint of R1's size, 92,000 names in 163 shards with nothing but holes
// for data, is read in well under 2 s; three times that fails.
TEST(ModelTest, ReadsR1Quickly) {
  TestFolder folder;
  folder.write("config.json", R"({"model_type": "deepseek_v3",
      "quantization_config": {"quant_method": "fp8",
                              "weight_block_size": [128, 128]}})");
  TestTensors tensors = releasedTensors(ModelConfig());
  EXPECT_GT(tensors.size(), 90000u);
  constexpr size_t shards = 163;
  size_t step = (tensors.size() + shards - 1) / shards;
  std::string map;
  auto at = tensors.begin();
  for (size_t i = 0; i < shards; ++i) {
    std::string name = std::to_string(i) + ".safetensors";
    TestTensors part;
    for (size_t k = 0; k < step && at != tensors.end(); ++k, ++at) {
      map += (map.empty() ? "\"" : ",\"") + at->first + "\":\"" + name + "\"";
      part.insert(*at);
    }
    writeSparse(folder, name, part);
  }
  folder.write("model.safetensors.index.json",
               "{\"weight_map\":{" + map + "}}");
  auto start = std::chrono::steady_clock::now();
  auto model = readModel(folder.path());
  std::chrono::duration<double> seconds =
      std::chrono::steady_clock::now() - start;
  ASSERT_TRUE(model) << textOf(model);
  EXPECT_EQ(model->checkpoint.tensors.size(), tensors.size());
  EXPECT_EQ(model->unusedBytes, 0u);
  RecordProperty("seconds", std::to_string(seconds.count()));
  EXPECT_LT(seconds.count(), 6.0);
}

} // namespace
} // namespace ds::checkpoint
