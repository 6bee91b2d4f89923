// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/checkpoint/ConfigReader.h"
#include "test/compiler/checkpoint/TestFolder.h"

namespace ds::checkpoint {
namespace {

/// The config of `text`, from a file.
Result<ModelConfig> read(std::string_view text) {
  TestFolder folder;
  folder.write("config.json", text);
  return readConfig(folder.path());
}

/// A deepseek_v3 config with these further keys, `"a": 1, "b": 2`.
Result<ModelConfig> readWith(const std::string &keys) {
  return read("{\"model_type\": \"deepseek_v3\"" +
              (keys.empty() ? "" : ", " + keys) + "}");
}

// A config that names nothing but its family has the published defaults.
TEST(ConfigReaderTest, TakesDefaultsForAbsentKeys) {
  auto config = readWith("");
  ASSERT_TRUE(config) << textOf(config);
#define CONFIG_KEY(key, field, kind, absent, null)                             \
  EXPECT_EQ(config->field, decltype(config->field)(absent)) << #key;
#include "compiler/checkpoint/ConfigKeys.def"
  EXPECT_EQ(config->qLoraRank, 1536u);
  EXPECT_EQ(config->maxPositionEmbeddings, 4096u);
  EXPECT_EQ(config->eosTokenId, std::vector<uint32_t>{1});
  EXPECT_EQ(config->ropeTheta, 10000);
  EXPECT_FALSE(config->ropeScaling);
  EXPECT_FALSE(config->quantizationConfig);
  EXPECT_TRUE(config->unknownKeys.empty());
}

// Null is not absent: every key refuses it, but for the query rank.
TEST(ConfigReaderTest, RefusesNull) {
  struct Row {
    const char *key, *null;
  };
  constexpr Row rows[] = {
#define CONFIG_KEY(key, field, kind, absent, null) {#key, #null},
#include "compiler/checkpoint/ConfigKeys.def"
  };
  for (const Row &row : rows) {
    auto config = readWith("\"" + std::string(row.key) + "\": null");
    if (std::string_view(row.null) == "MeansNone")
      EXPECT_TRUE(config.isOk()) << row.key;
    else
      expectError(std::move(config), ErrorCode::ConfigValue,
                  {row.key, "found null"});
  }
  for (const char *key :
       {"eos_token_id", "rope_theta", "rope_parameters", "quantization_config"})
    expectError(readWith("\"" + std::string(key) + "\": null"),
                ErrorCode::ConfigValue, {key, "found null"});
}

// Every key refuses a value of another type.
TEST(ConfigReaderTest, RefusesOtherTypes) {
  for (const char *key : {
#define CONFIG_KEY(key, field, kind, absent, null) #key,
#include "compiler/checkpoint/ConfigKeys.def"
       })
    expectError(readWith("\"" + std::string(key) + "\": [1]"),
                ErrorCode::ConfigValue, {key, "found [1]"});
}

// A query rank of null or 0 means one full-rank query projection.
TEST(ConfigReaderTest, TakesNullAndZeroQueryRankForNone) {
  for (const char *value : {"null", "0"}) {
    auto config = readWith("\"q_lora_rank\": " + std::string(value));
    ASSERT_TRUE(config) << textOf(config);
    EXPECT_FALSE(config->qLoraRank.has_value());
  }
}

// An integer is digits and nothing else, and lies in its range.
TEST(ConfigReaderTest, RefusesWhatIsNoIntegerInRange) {
  for (const char *value : {"61.0", "\"61\"", "6.1e1", "-1", "0", "true",
                            "9223372036854775808", "1e308", "1025"})
    expectError(readWith("\"num_hidden_layers\": " + std::string(value)),
                ErrorCode::ConfigValue,
                {"config.json", "num_hidden_layers", "integer 1..1024"});
}

// Sizes that dsc does not take are limits, not mistakes.
TEST(ConfigReaderTest, NamesLimits) {
  auto config = readWith("\"max_position_embeddings\": 1099511627776");
  ASSERT_FALSE(config);
  Status status = config.takeStatus();
  EXPECT_EQ(status.exit(), Exit::Limit);
  expectError(status, ErrorCode::ConfigLimit, {"1099511627776", "16777216"});
  EXPECT_TRUE(readWith("\"max_position_embeddings\": 16777216"));
}

// What the family allows and dsc cannot compile exits with 4.
TEST(ConfigReaderTest, RefusesTheUnsupported) {
  for (const char *keys :
       {"\"hidden_act\": \"gelu\"", "\"topk_method\": \"greedy\"",
        "\"scoring_func\": \"softmax\"", "\"attention_bias\": true",
        "\"rope_interleave\": false", "\"moe_layer_freq\": 2",
        "\"n_shared_experts\": 0", "\"num_nextn_predict_layers\": 2"}) {
    auto config = readWith(keys);
    ASSERT_FALSE(config) << keys;
    EXPECT_EQ(config.takeStatus().exit(), Exit::Unsupported) << keys;
  }
}

// The family is model_type; without one, the architecture's class.
TEST(ConfigReaderTest, DispatchesOnTheFamily) {
  EXPECT_TRUE(read(R"({"architectures": ["DeepseekV3ForCausalLM"]})"));
  expectError(read("{}"), ErrorCode::ConfigMissingKey, {"model_type"});
  expectError(read(R"({"model_type": "qwen2"})"), ErrorCode::ModelUnsupported,
              {"\"qwen2\"", "deepseek_v3"});
  expectError(readWith(R"("architectures": ["X"])"),
              ErrorCode::ModelUnsupported, {"DeepseekV3ForCausalLM"});
  expectError(readWith(R"("architectures": ["DeepseekV3ForCausalLM", "X"])"),
              ErrorCode::ModelUnsupported, {"architectures"});
  expectError(readWith(R"("architectures": "DeepseekV3ForCausalLM")"),
              ErrorCode::ConfigValue, {"architectures"});
}

// A rule between two keys names both, with both values.
TEST(ConfigReaderTest, RefusesContradictions) {
  struct Row {
    const char *keys;
    std::initializer_list<std::string_view> parts;
  } rows[] = {
      {"\"num_experts_per_tok\": 300", {"300", "n_routed_experts (256)"}},
      {"\"n_group\": 7", {"n_routed_experts", "256", "n_group (7)"}},
      {"\"topk_group\": 9", {"topk_group", "found 9", "n_group (8)"}},
      {"\"n_group\": 256, \"topk_group\": 8", {"found 256", "128"}},
      {"\"topk_group\": 1, \"num_experts_per_tok\": 40", {"40", "(32)"}},
      {"\"first_k_dense_replace\": 62", {"62", "num_hidden_layers (61)"}},
      {"\"bos_token_id\": 129280", {"129280", "vocab_size (129280)"}},
  };
  for (const Row &row : rows)
    expectError(readWith(row.keys), ErrorCode::ConfigContradiction, row.parts);
  expectError(readWith("\"qk_rope_head_dim\": 63"), ErrorCode::ConfigValue,
              {"found 63", "even"});
}

// All independent mistakes come at once.
TEST(ConfigReaderTest, ListsAllErrors) {
  auto config = readWith("\"hidden_size\": 0, \"vocab_size\": \"x\", "
                         "\"norm_topk_prob\": 1");
  ASSERT_FALSE(config);
  EXPECT_EQ(config.takeStatus().errors().size(), 3u);
}

// End tokens are one id or a list of ids of the vocabulary.
TEST(ConfigReaderTest, ReadsEndTokens) {
  EXPECT_EQ(readWith("\"eos_token_id\": 7")->eosTokenId,
            std::vector<uint32_t>{7});
  EXPECT_EQ(readWith("\"eos_token_id\": [7, 8]")->eosTokenId,
            (std::vector<uint32_t>{7, 8}));
  expectError(readWith("\"eos_token_id\": 200000"), ErrorCode::ConfigValue,
              {"200000", "129280"});
  expectError(readWith("\"eos_token_id\": []"), ErrorCode::ConfigValue,
              {"empty"});
  std::string many = "[0";
  for (int i = 0; i < 64; ++i)
    many += ", 0";
  expectError(readWith("\"eos_token_id\": " + many + "]"),
              ErrorCode::ConfigLimit, {"65", "64"});
}

// Unknown keys are kept by name; code that a key names is no error.
TEST(ConfigReaderTest, KeepsUnknownKeys) {
  auto config = readWith("\"fancy\": {}, \"auto_map\": {}, \"dtype\": 3");
  ASSERT_TRUE(config) << textOf(config);
  EXPECT_EQ(config->unknownKeys, (std::vector<std::string>{"fancy"}));
  EXPECT_TRUE(config->namesCode);
}

// A nested language model is refused; one that contradicts the top is wrong.
TEST(ConfigReaderTest, RefusesTextConfig) {
  expectError(readWith("\"text_config\": {}"), ErrorCode::ConfigUnsupported,
              {"text_config"});
  expectError(readWith("\"vocab_size\": 100, "
                       "\"text_config\": {\"vocab_size\": 101}"),
              ErrorCode::ConfigContradiction,
              {"/text_config", "vocab_size", "found 101", "100"});
}

// Malformed JSON is refused with its place.
TEST(ConfigReaderTest, RefusesMalformedJson) {
  expectError(read(""), ErrorCode::JsonSyntax, {"1:1", "end of file"});
  expectError(read("{\n  \"a\": NaN}"), ErrorCode::JsonSyntax, {"2:8"});
  for (const char *text :
       {"{", "{} x", "{'a': 1}", "{\"a\": 0x1}", "{\"a\": 01}", "[1,]",
        "{\"a\": 1} // c", "{\"a\": Infinity}", "{\"a\": 1e999}"})
    expectError(read(text), ErrorCode::JsonSyntax, {"config.json:1:"});
  expectError(read("[1]"), ErrorCode::JsonSyntax, {"an object"});
  expectError(read("{\"a\": \"\xFF\"}"), ErrorCode::JsonSyntax,
              {"UTF-8", "byte 7"});
  expectError(read("{\"a\": \"\\ud800\"}"), ErrorCode::JsonSyntax, {});
  expectError(read("\xEF\xBB\xBF{}"), ErrorCode::JsonSyntax,
              {"byte-order mark"});
  expectError(read(std::string_view("{}\0x", 4)), ErrorCode::JsonSyntax,
              {"zero byte"});
}

// A key that appears twice in one object is refused at every level.
TEST(ConfigReaderTest, RefusesDuplicateKeys) {
  expectError(readWith("\"hidden_size\": 7168, \"hidden_size\": 4096"),
              ErrorCode::JsonKeyTwice, {"hidden_size", "7168, then 4096"});
  expectError(readWith("\"x\": [{\"a\": 1, \"a\": 1}]"),
              ErrorCode::JsonKeyTwice, {"\"a\""});
}

// Depth and size have limits that are tested at the limit and one above.
TEST(ConfigReaderTest, LimitsDepthAndSize) {
  auto nested = [](int depth) {
    return "\"x\": " + std::string(size_t(depth), '[') +
           std::string(size_t(depth), ']');
  };
  EXPECT_TRUE(readWith(nested(63)));
  expectError(readWith(nested(64)), ErrorCode::JsonDepth, {"65", "64"});
  std::string text = R"({"model_type": "deepseek_v3"})";
  text.resize(kMaxConfigBytes, ' ');
  EXPECT_TRUE(read(text));
  expectError(read(text + " "), ErrorCode::FileTooLarge,
              {"1048577", "1048576"});
}

} // namespace
} // namespace ds::checkpoint
