// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The parts of config.json that are objects, and generation_config.json.
#include "compiler/checkpoint/ConfigReader.h"
#include "test/compiler/checkpoint/TestFolder.h"

namespace ds::checkpoint {
namespace {

Result<ModelConfig> readWith(const std::string &keys) {
  TestFolder folder;
  folder.write("config.json",
               "{\"model_type\": \"deepseek_v3\", " + keys + "}");
  return readConfig(folder.path());
}

constexpr const char *kYarn =
    R"("factor": 40, "beta_fast": 32, "beta_slow": 1, "mscale": 1.0,
       "mscale_all_dim": 0.5, "original_max_position_embeddings": 4096)";

void expectYarn(Result<ModelConfig> config) {
  ASSERT_TRUE(config) << textOf(config);
  ASSERT_TRUE(config->ropeScaling.has_value());
  const YarnScaling &yarn = *config->ropeScaling;
  EXPECT_EQ(yarn.factor, 40);
  EXPECT_EQ(yarn.originalMaxPositionEmbeddings, 4096u);
  EXPECT_EQ(yarn.betaFast, 32);
  EXPECT_EQ(yarn.betaSlow, 1);
  EXPECT_EQ(yarn.mscale, 1.0);
  EXPECT_EQ(yarn.mscaleAllDim, 0.5);
  EXPECT_FALSE(yarn.attentionFactor);
  EXPECT_TRUE(yarn.truncate);
  EXPECT_EQ(config->ropeTheta, 50000);
}

// The published and the re-saved spelling of yarn mean the same.
TEST(ConfigRopeTest, ReadsYarnInEverySpelling) {
  std::string yarn = kYarn;
  expectYarn(readWith(
      R"("rope_theta": 50000, "rope_scaling": {"type": "yarn",)" + yarn + "}"));
  expectYarn(readWith(
      R"("rope_theta": 5e4,
         "rope_scaling": {"type": "x", "rope_type": "yarn",)" +
      yarn + "}"));
  expectYarn(readWith(
      R"("rope_parameters": {"rope_theta": 50000.0, "rope_type": "yarn",)" +
      yarn + "}"));
}

// rope_scaling null and type "default" are plain rope.
TEST(ConfigRopeTest, ReadsPlainRope) {
  for (const char *keys :
       {"\"rope_scaling\": null", "\"rope_scaling\": {\"type\": \"default\"}",
        "\"rope_parameters\": {\"rope_type\": \"default\"}"}) {
    auto config = readWith(keys);
    ASSERT_TRUE(config) << textOf(config);
    EXPECT_FALSE(config->ropeScaling) << keys;
    EXPECT_EQ(config->ropeTheta, 10000) << keys;
  }
}

// An absent factor is the quotient of the two lengths; 0 and null take the
// defaults where the published classes do.
TEST(ConfigRopeTest, FillsYarnDefaults) {
  auto config = readWith(R"("max_position_embeddings": 8192, "rope_scaling":
      {"type": "yarn", "original_max_position_embeddings": 1024,
       "beta_fast": 0, "beta_slow": null, "mscale": 0, "truncate": false})");
  ASSERT_TRUE(config) << textOf(config);
  EXPECT_EQ(config->ropeScaling->factor, 8);
  EXPECT_EQ(config->ropeScaling->betaFast, 32);
  EXPECT_EQ(config->ropeScaling->betaSlow, 1);
  EXPECT_FALSE(config->ropeScaling->mscale);
  EXPECT_FALSE(config->ropeScaling->truncate);
}

// Bad rope settings are refused with the key and its object.
TEST(ConfigRopeTest, RefusesBadSettings) {
  struct Row {
    const char *keys;
    ErrorCode code;
    std::string_view part;
  } rows[] = {
      {R"("rope_scaling": {"type": "linear", "factor": 2})",
       ErrorCode::ConfigUnsupported, "yarn"},
      {R"("rope_scaling": {})", ErrorCode::ConfigMissingKey, "rope_type"},
      {R"("rope_scaling": {"type": 3})", ErrorCode::ConfigValue, "type"},
      {R"("rope_scaling": "yarn")", ErrorCode::ConfigValue, "an object"},
      {R"("rope_scaling": {"type": "yarn", "factor": 4})",
       ErrorCode::ConfigMissingKey, "original_max_position_embeddings"},
      {R"("rope_scaling": {"type": "yarn", "factor": 0,
          "original_max_position_embeddings": 4096})",
       ErrorCode::ConfigValue, "/rope_scaling"},
      {R"("rope_scaling": {"type": "yarn",
          "original_max_position_embeddings": 8192})",
       ErrorCode::ConfigContradiction, "max_position_embeddings (4096)"},
      {R"("rope_theta": 7, "rope_parameters": {"rope_type": "default",
          "rope_theta": 8})",
       ErrorCode::ConfigContradiction, "rope_theta"},
      {R"("rope_scaling": {"type": "default"},
          "rope_parameters": {"rope_type": "default"})",
       ErrorCode::ConfigContradiction, "rope_scaling"},
      {R"("rope_theta": 1)", ErrorCode::ConfigValue, "above 1"},
      {R"("rope_theta": -5)", ErrorCode::ConfigValue, "above 0"},
  };
  for (const Row &row : rows)
    expectError(readWith(row.keys), row.code, {row.part});
}

Result<ModelConfig> readQuantized(const std::string &keys) {
  return readWith("\"quantization_config\": {" + keys + "}");
}

// The published FP8 settings are read, with and without ue8m0 scales.
TEST(ConfigQuantizationTest, ReadsFP8Blocks) {
  std::string keys = R"("quant_method": "fp8", "fmt": "e4m3",
      "activation_scheme": "dynamic", "weight_block_size": [128, 128])";
  auto plain = readQuantized(keys);
  ASSERT_TRUE(plain) << textOf(plain);
  ASSERT_TRUE(plain->quantizationConfig.has_value());
  EXPECT_FALSE(plain->quantizationConfig->ue8m0);
  auto rounded = readQuantized(keys + R"(, "scale_fmt": "ue8m0")");
  ASSERT_TRUE(rounded) << textOf(rounded);
  EXPECT_TRUE(rounded->quantizationConfig->ue8m0);
}

// Anything else is unsupported, and what makes no sense is invalid.
TEST(ConfigQuantizationTest, RefusesOtherSettings) {
  struct Row {
    const char *keys;
    ErrorCode code;
  } rows[] = {
      {R"("quant_method": "gptq", "weight_block_size": [128, 128])",
       ErrorCode::ConfigUnsupported},
      {R"("weight_block_size": [128, 128])", ErrorCode::ConfigMissingKey},
      {R"("quant_method": "fp8")", ErrorCode::ConfigUnsupported},
      {R"("quant_method": "fp8", "weight_block_size": [64, 128])",
       ErrorCode::ConfigUnsupported},
      {R"("quant_method": "fp8", "weight_block_size": [128, 0])",
       ErrorCode::ConfigValue},
      {R"("quant_method": "fp8", "weight_block_size": 128)",
       ErrorCode::ConfigValue},
      {R"("quant_method": "fp8", "weight_block_size": [128, 128],
          "fmt": "e5m2")",
       ErrorCode::ConfigUnsupported},
      {R"("quant_method": "fp8", "weight_block_size": [128, 128],
          "activation_scheme": "static")",
       ErrorCode::ConfigUnsupported},
      {R"("quant_method": "fp8", "weight_block_size": [128, 128],
          "scale_fmt": "e3m4")",
       ErrorCode::ConfigUnsupported},
  };
  for (const Row &row : rows)
    expectError(readQuantized(row.keys), row.code, {"/quantization_config"});
}

Result<std::optional<GenerationConfig>> readGeneration(std::string_view text) {
  TestFolder folder;
  folder.write("generation_config.json", text);
  return readGenerationConfig(folder.path(), 1024);
}

// What the file sets is set, and a missing file sets nothing.
TEST(GenerationConfigTest, ReadsWhatIsSet) {
  auto config = readGeneration(R"({"do_sample": true, "temperature": 0.6,
      "top_k": 0, "top_p": 0.95, "eos_token_id": [1, 5], "bos_token_id": 0,
      "min_p": 0.25, "repetition_penalty": 1.1, "num_beams": 1})");
  ASSERT_TRUE(config) << textOf(config);
  ASSERT_TRUE(config->has_value());
  EXPECT_EQ((*config)->doSample, true);
  EXPECT_EQ((*config)->temperature, 0.6);
  EXPECT_EQ((*config)->topK, 0u);
  EXPECT_EQ((*config)->topP, 0.95);
  EXPECT_EQ((*config)->minP, 0.25);
  EXPECT_EQ((*config)->repetitionPenalty, 1.1);
  EXPECT_EQ((*config)->eosTokenId, (std::vector<uint32_t>{1, 5}));
  EXPECT_TRUE((*config)->notes.empty());

  auto empty = readGeneration("{\"top_k\": null}");
  ASSERT_TRUE(empty) << textOf(empty);
  EXPECT_FALSE((*empty)->topK || (*empty)->topP || (*empty)->doSample ||
               (*empty)->minP || (*empty)->repetitionPenalty);
  TestFolder folder;
  auto none = readGenerationConfig(folder.path(), 1024);
  ASSERT_TRUE(none) << textOf(none);
  EXPECT_FALSE(none->has_value());
}

// What would change the text and is not honoured is noted.
TEST(GenerationConfigTest, NotesWhatIsNotHonoured) {
  auto config = readGeneration("{\"typical_p\": 0.9}");
  ASSERT_TRUE(config) << textOf(config);
  ASSERT_EQ((*config)->notes.size(), 1u);
  EXPECT_NE((*config)->notes[0].find("typical_p = 0.9"),
            std::string::npos);
}

// Values out of range are refused, and those that a plan's floats cannot hold.
TEST(GenerationConfigTest, RefusesBadValues) {
  for (const char *text :
       {"{\"temperature\": -1}", "{\"temperature\": 1e300}", "{\"top_p\": 0}",
        "{\"top_p\": 1.5}", "{\"top_p\": 1e-300}", "{\"min_p\": -0.1}",
        "{\"min_p\": 1.1}", "{\"repetition_penalty\": 0}",
        "{\"repetition_penalty\": 1e300}", "{\"top_k\": -1}",
        "{\"do_sample\": 1}", "{\"eos_token_id\": 1024}"})
    expectError(readGeneration(text), ErrorCode::ConfigValue,
                {"generation_config.json"});
}

} // namespace
} // namespace ds::checkpoint
