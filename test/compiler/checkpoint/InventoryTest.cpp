// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Faults in the set of tensors: a good FP8 folder, one change each.
#include "compiler/checkpoint/Model.h"
#include "test/compiler/checkpoint/TestFolder.h"
#include "tools/dev/MakeCheckpoint.h"

namespace ds::checkpoint {
namespace {

const std::string kLayer1 = "model.layers.1.";

/// The tensors of micro-v3-fp8 as one sparse file; a test changes them.
class InventoryTest : public testing::Test {
protected:
  static void SetUpTestSuite() {
    TestFolder made;
    Status status = dev::makeCheckpoint("micro-v3-fp8", made.path());
    ASSERT_TRUE(status) << status.text("test");
    good = tensorsOf(made.path());
  }
  Result<Model> read(const ReadOptions &options = {}) {
    folder.write("config.json", config);
    writeSparse(folder, "model.safetensors", tensors);
    return readModel(folder.path(), options);
  }
  /// In the config's text, once.
  void replace(std::string_view from, std::string_view to) {
    size_t at = config.find(from);
    ASSERT_NE(at, config.npos);
    config.replace(at, from.size(), to);
  }

  static TestTensors good;
  TestTensors tensors = good;
  std::string config{dev::configOf("micro-v3-fp8")};
  TestFolder folder;
};
TestTensors InventoryTest::good;

TEST_F(InventoryTest, AcceptsTheGoodFolder) {
  auto model = read();
  ASSERT_TRUE(model) << textOf(model);
  EXPECT_EQ(model->unusedBytes, 0u);
  EXPECT_TRUE(model->notes.empty());
}

TEST_F(InventoryTest, NamesEveryMissingTensor) {
  tensors.erase("model.norm.weight");
  tensors.erase(kLayer1 + "mlp.gate.weight");
  auto model = read();
  ASSERT_FALSE(model);
  Status status = model.takeStatus();
  EXPECT_EQ(status.errors().size(), 2u);
  expectError(status, ErrorCode::TensorMissing, {"model.norm.weight"});
}

TEST_F(InventoryTest, CountsExperts) {
  for (const char *expert : {"14", "15"})
    for (const char *suffix : {"", "_scale_inv"})
      tensors.erase(kLayer1 + "mlp.experts." + expert + ".up_proj.weight" +
                    suffix);
  expectError(read(), ErrorCode::ExpertCount,
              {"layer 1", "mlp.experts.up_proj", "found 14", "16"});
  tensors = good;
  tensors[kLayer1 + "mlp.experts.16.up_proj.weight"] = {"BF16", {96, 192}};
  expectError(read(), ErrorCode::ExpertCount, {"found 16", "0..15"});
}

// Experts of which nothing is stored are one error that names the gap.
TEST_F(InventoryTest, NamesTheGapInTheExperts) {
  for (auto at = tensors.begin(); at != tensors.end();)
    at = at->first.starts_with(kLayer1 + "mlp.experts.3.") ||
                 at->first.starts_with(kLayer1 + "mlp.experts.7.") ||
                 at->first.starts_with(kLayer1 + "mlp.experts.8.")
             ? tensors.erase(at)
             : std::next(at);
  auto model = read();
  ASSERT_FALSE(model);
  Status status = model.takeStatus();
  EXPECT_EQ(status.errors().size(), 1u);
  expectError(status, ErrorCode::ExpertCount,
              {"layer 1: experts 3, 7..8 are missing", "found 13", "16"});
}

TEST_F(InventoryTest, RefusesFusedExperts) {
  tensors[kLayer1 + "mlp.experts.gate_up_proj"] = {"BF16", {16, 192, 192}};
  expectError(read(), ErrorCode::FusedExperts, {"gate_up_proj"});
}

TEST_F(InventoryTest, ComparesShapesWithTheConfig) {
  tensors["model.norm.weight"].shape = {191};
  expectError(read(), ErrorCode::TensorShape,
              {"model.norm.weight", "[191]", "[192] = [hidden_size]"});
  tensors["model.norm.weight"].shape = {0};
  expectError(read(), ErrorCode::TensorShape, {"[0]"});
}

TEST_F(InventoryTest, NamesSupportedElementTypes) {
  tensors[kLayer1 + "self_attn.o_proj.weight"].dtype = "F16";
  expectError(read(), ErrorCode::TensorDType,
              {"o_proj", "found F16", "BF16 or F8_E4M3"});
  tensors = good;
  tensors["model.norm.weight"].dtype = "F32";
  expectError(read(), ErrorCode::TensorDType, {"model.norm", "found F32"});
  tensors = good;
  tensors["lm_head.weight"].dtype = "F8_E4M3";
  expectError(read(), ErrorCode::TensorDType, {"lm_head", "BF16"});
}

TEST_F(InventoryTest, ChecksScales) {
  std::string weight = "model.layers.0.mlp.up_proj.weight"; // [320, 192]
  tensors[weight + "_scale_inv"].shape = {2, 2};
  expectError(read(), ErrorCode::ScaleForm, {"[2, 2]", "[3, 2] F32"});
  tensors[weight + "_scale_inv"] = {"BF16", {3, 2}};
  expectError(read(), ErrorCode::ScaleForm, {"BF16"});
  tensors.erase(weight + "_scale_inv");
  expectError(read(), ErrorCode::ScaleMissing, {weight + "_scale_inv"});
  tensors = good;
  tensors["model.norm.weight_scale_inv"] = {"F32", {2}};
  expectError(read(), ErrorCode::ScaleStray, {"model.norm.weight", "BF16"});
  tensors = good;
  tensors["model.x.weight_scale_inv"] = {"F32", {2}};
  expectError(read(), ErrorCode::ScaleStray, {"not stored"});
}

// The score correction bias is F32 or BF16.
TEST_F(InventoryTest, TakesBothBiasTypes) {
  for (const char *layer : {"1", "2", "3"})
    tensors[std::string("model.layers.") + layer +
            ".mlp.gate.e_score_correction_bias"]
        .dtype = "BF16";
  auto model = read();
  ASSERT_TRUE(model) << textOf(model);
  EXPECT_EQ(
      model->layers[1].roles.at("mlp.gate.e_score_correction_bias")[0].encoding,
      Encoding::BF16);
}

TEST_F(InventoryTest, RefusesMixedEncodings) {
  std::string weight = "model.layers.2.self_attn.o_proj.weight";
  tensors[weight].dtype = "BF16";
  tensors.erase(weight + "_scale_inv");
  expectError(read(), ErrorCode::EncodingMixed,
              {weight, "BF16", "model.layers.1.self_attn.o_proj.weight"});
}

// The first layer is of another kind than the others: its roles are free.
TEST_F(InventoryTest, TakesOneEncodingPerKind) {
  std::string weight = "model.layers.0.self_attn.o_proj.weight";
  tensors[weight].dtype = "BF16";
  tensors.erase(weight + "_scale_inv");
  auto model = read();
  EXPECT_TRUE(model) << textOf(model);
}

TEST_F(InventoryTest, ComparesQuantisationWithTheConfig) {
  replace("quantization_config", "ignored");
  expectError(read(), ErrorCode::QuantizationContradiction,
              {"no quantization_config", "F8_E4M3"});
  config = dev::configOf("micro-v3-fp8");
  for (auto at = tensors.begin(); at != tensors.end();)
    at = at->first.ends_with("_scale_inv") ? tensors.erase(at) : std::next(at);
  for (auto &[name, tensor] : tensors)
    if (tensor.dtype == "F8_E4M3")
      tensor.dtype = "BF16";
  expectError(read(), ErrorCode::QuantizationContradiction,
              {"says fp8", "BF16"});
}

TEST_F(InventoryTest, RefusesLayerIndexesOutOfRange) {
  tensors["model.layers.99999999999999999999.norm.weight"] = {"BF16", {1}};
  expectError(read(), ErrorCode::LayerIndex, {"99999999999999999999", "0..3"});
}

TEST_F(InventoryTest, RefusesTwoNamesOfOneParameter) {
  tensors["norm.weight"] = tensors["model.norm.weight"];
  expectError(read(), ErrorCode::TwoNames, {"model.norm.weight"});
}

// The MTP layer is whole or absent.
TEST_F(InventoryTest, WantsTheWholeMtpLayerOrNone) {
  tensors.erase("model.layers.3.enorm.weight");
  expectError(read(), ErrorCode::MtpPartial,
              {"MTP layer 3", "67 of 68", "enorm"});
  for (auto at = tensors.begin(); at != tensors.end();)
    at = at->first.starts_with("model.layers.3.") ? tensors.erase(at)
                                                  : std::next(at);
  auto model = read();
  ASSERT_TRUE(model) << textOf(model);
  EXPECT_FALSE(model->hasMtp);
  EXPECT_EQ(model->notes.size(), 1u);
}

// An MTP layer that the config does not name is noted and unused.
TEST_F(InventoryTest, NotesAnUnnamedMtpLayer) {
  replace("\"num_nextn_predict_layers\": 1", "\"num_nextn_predict_layers\": 0");
  auto model = read();
  ASSERT_TRUE(model) << textOf(model);
  EXPECT_FALSE(model->hasMtp);
  EXPECT_GT(model->unusedBytes, 512u * 192 * 2);
  ASSERT_EQ(model->notes.size(), 1u);
  EXPECT_NE(model->notes[0].find("MTP"), std::string::npos);
}

TEST_F(InventoryTest, NotesUnexpectedTensors) {
  tensors["model.vision.weight"] = {"BF16", {5}};
  tensors["model.layers.0.self_attn.rotary_emb.inv_freq"] = {"F32", {8}};
  auto model = read();
  ASSERT_TRUE(model) << textOf(model);
  EXPECT_EQ(model->unusedBytes, 10u + 32u);
  ASSERT_EQ(model->notes.size(), 1u); // inv_freq is known and says nothing
  EXPECT_NE(model->notes[0].find("model.vision.weight"), std::string::npos);
  expectError(read({.strict = true}), ErrorCode::TensorUnexpected,
              {"model.vision.weight", "--strict"});
}

// Scales that a weight has already, in the naming of another family.
TEST_F(InventoryTest, RefusesTwoNamingsOfScales) {
  std::string weight = "model.layers.0.mlp.up_proj";
  tensors[weight + ".scale"] = {"F32", {3, 2}};
  expectError(read(), ErrorCode::ScaleStray,
              {weight + ".scale", weight + ".weight_scale_inv"});
}

// expert_dtype may repeat what the experts are, and nothing else.
TEST_F(InventoryTest, ComparesExpertDTypeWithTheExperts) {
  replace("\"hidden_act\"", "\"expert_dtype\": \"fp8\", \"hidden_act\"");
  auto model = read();
  EXPECT_TRUE(model) << textOf(model);
  replace("\"expert_dtype\": \"fp8\"", "\"expert_dtype\": \"fp4\"");
  expectError(read(), ErrorCode::QuantizationContradiction,
              {"expert_dtype", "\"fp4\"", "F8_E4M3"});
}

// Unknown keys and code are one note each; the keys are listed as details.
TEST_F(InventoryTest, CountsUnknownKeys) {
  replace("\"hidden_act\"",
          "\"fancy\": 1, \"trust_remote_code\": true, \"hidden_act\"");
  folder.write("modeling.py", "raise");
  auto model = read();
  ASSERT_TRUE(model) << textOf(model);
  EXPECT_EQ(model->notes,
            (std::vector<std::string>{
                "config.json: 1 key is not known to dsc (-v lists them)",
                "code in the checkpoint is never run"}));
  EXPECT_EQ(model->details, (std::vector<std::string>{
                                "config.json: key fancy is not known"}));
}

// With tied embeddings the head is the embedding, and none need be stored.
TEST_F(InventoryTest, TiesTheHead) {
  replace("\"tie_word_embeddings\": false", "\"tie_word_embeddings\": true");
  tensors.erase("lm_head.weight");
  auto model = read();
  ASSERT_TRUE(model) << textOf(model);
  EXPECT_EQ(model->globals.at("lm_head").name, "model.embed_tokens.weight");
}

} // namespace
} // namespace ds::checkpoint
