// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/checkpoint/ConfigReader.h"
#include "compiler/checkpoint/ConfigObject.h"
#include "compiler/checkpoint/ConfigSections.h"
#include <algorithm>

namespace ds::checkpoint {
namespace {

using Kind = JsonValue::Kind;
constexpr const char *kSupportedModel = "deepseek_v3";
constexpr const char *kSupportedClass = "DeepseekV3ForCausalLM";

/// Dispatch: model_type, and architectures where there is no model_type.
void checkFamily(ConfigObject &top) {
  const JsonValue *type = top.find("model_type");
  const JsonValue *classes = top.find("architectures");
  if (!type && !classes)
    return top.fail(ErrorCode::ConfigMissingKey, "model_type", "nothing",
                    std::string("\"") + kSupportedModel + "\"");
  if (type && type->kind != Kind::String)
    return top.fail(ErrorCode::ConfigValue, "model_type", type->describe(),
                    "a string");
  if (type && type->text != kSupportedModel)
    return top.fail(ErrorCode::ModelUnsupported, "model_type",
                    "\"" + type->text + "\"",
                    std::string("a supported one: ") + kSupportedModel);
  if (!classes)
    return;
  bool isList = classes->kind == Kind::Array && !classes->items.empty() &&
                std::all_of(classes->items.begin(), classes->items.end(),
                            [](const JsonValue &item) {
                              return item.kind == Kind::String;
                            });
  if (!isList)
    return top.fail(ErrorCode::ConfigValue, "architectures",
                    classes->describe(), "a list of one class name");
  if (classes->items.size() > 1 || classes->items[0].text != kSupportedClass)
    top.fail(ErrorCode::ModelUnsupported, "architectures", classes->describe(),
             std::string("supported: [\"") + kSupportedClass + "\"]");
}

void checkWord(ConfigObject &top, std::string_view key, std::string_view found,
               std::string_view supported) {
  if (found != supported)
    top.fail(ErrorCode::ConfigUnsupported, key,
             "\"" + std::string(found) + "\"",
             "\"" + std::string(supported) + "\", the only supported one");
}

/// Values that are valid for the family and that dsc cannot compile yet.
void checkSupported(ConfigObject &top, const ModelConfig &config) {
  checkWord(top, "hidden_act", config.hiddenAct, "silu");
  checkWord(top, "topk_method", config.topkMethod, "noaux_tc");
  checkWord(top, "scoring_func", config.scoringFunc, "sigmoid");
  auto unsupported = [&](std::string_view key, std::string found,
                         std::string supported) {
    top.fail(ErrorCode::ConfigUnsupported, key, std::move(found),
             std::move(supported) + ", the only supported value");
  };
  if (config.attentionBias)
    unsupported("attention_bias", "true", "false");
  if (!config.ropeInterleave)
    unsupported("rope_interleave", "false", "true");
  if (config.moeLayerFreq != 1)
    unsupported("moe_layer_freq", std::to_string(config.moeLayerFreq), "1");
  if (!config.nSharedExperts)
    top.fail(ErrorCode::ConfigUnsupported, "n_shared_experts", "0",
             "at least 1 (a model without shared experts is not supported)");
  if (config.numNextnPredictLayers > 1)
    top.fail(ErrorCode::ConfigUnsupported, "num_nextn_predict_layers",
             std::to_string(config.numNextnPredictLayers),
             "0 or 1 (more are not supported)");
}

/// `a` must be at most `b`; names both keys and both values.
void checkAtMost(ConfigObject &top, std::string_view a, uint64_t found,
                 std::string_view b, uint64_t most) {
  if (found > most)
    top.fail(ErrorCode::ConfigContradiction, a, std::to_string(found),
             "at most " + std::string(b) + " (" + std::to_string(most) + ")");
}

void checkConsistency(ConfigObject &top, const ModelConfig &config) {
  auto contradiction = [&](std::string_view key, uint64_t found,
                           std::string expected) {
    top.fail(ErrorCode::ConfigContradiction, key, std::to_string(found),
             std::move(expected));
  };
  if (config.qkRopeHeadDim % 2)
    top.fail(ErrorCode::ConfigValue, "qk_rope_head_dim",
             std::to_string(config.qkRopeHeadDim), "an even number");
  checkAtMost(top, "first_k_dense_replace", config.firstKDenseReplace,
              "num_hidden_layers", config.numHiddenLayers);
  checkAtMost(top, "num_experts_per_tok", config.numExpertsPerTok,
              "n_routed_experts", config.nRoutedExperts);
  checkAtMost(top, "topk_group", config.topkGroup, "n_group", config.nGroup);
  if (config.bosTokenId >= config.vocabSize)
    contradiction("bos_token_id", config.bosTokenId,
                  "below vocab_size (" + std::to_string(config.vocabSize) +
                      ")");
  if (config.nRoutedExperts % config.nGroup)
    return contradiction("n_routed_experts", config.nRoutedExperts,
                         "a multiple of n_group (" +
                             std::to_string(config.nGroup) + ")");
  uint32_t groupSize = config.nRoutedExperts / config.nGroup;
  if (config.nGroup > 1 && groupSize < 2)
    contradiction("n_group", config.nGroup,
                  "at most n_routed_experts / 2 (" +
                      std::to_string(config.nRoutedExperts / 2) +
                      "): a group's score is the sum of two experts'");
  // With every group kept this is num_experts_per_tok <= n_routed_experts.
  if (config.topkGroup < config.nGroup)
    checkAtMost(top, "num_experts_per_tok", config.numExpertsPerTok,
                "the experts of topk_group groups",
                uint64_t(config.topkGroup) * groupSize);
}

/// Multimodal configs nest the language model's keys here.
void refuseTextConfig(ConfigObject &top) {
  const char *key = "text_config";
  const JsonValue *nested = top.find(key);
  if (!nested)
    return;
  if (nested->kind != Kind::Object)
    return top.fail(ErrorCode::ConfigValue, key, nested->describe(),
                    "no such key");
  ConfigObject child = top.child(key, *nested);
  bool isContradiction = false;
  for (size_t i = 0; i < nested->keys.size(); ++i) {
    const JsonValue *outer = top.find(nested->keys[i]);
    if (!outer || outer->describe() == nested->items[i].describe())
      continue;
    isContradiction = true;
    child.fail(ErrorCode::ConfigContradiction, nested->keys[i],
               nested->items[i].describe(),
               "the top-level " + nested->keys[i] + " (" + outer->describe() +
                   ")");
  }
  if (!isContradiction)
    top.fail(ErrorCode::ConfigUnsupported, key, "an object",
             "the model's keys at the top (nested ones are not supported)");
}

void noteKeys(const JsonValue &top, ModelConfig &config) {
  static constexpr std::string_view known[] = {
#define CONFIG_KEY(key, field, kind, absent, null) #key,
#define CONFIG_SECTION(key) #key,
#define CONFIG_IGNORED(key) #key,
#include "compiler/checkpoint/ConfigKeys.def"
  };
  for (const std::string &key : top.keys)
    if (std::find(std::begin(known), std::end(known), key) == std::end(known))
      config.unknownKeys.push_back(key);
  config.namesCode = top.find("auto_map") || top.find("trust_remote_code");
}

// As the last column of ConfigKeys.def spells them.
constexpr IfNull Refused = IfNull::Refused, MeansNone = IfNull::MeansNone;

} // namespace

Result<ModelConfig> readConfig(const InputFile &file) {
  DS_ASSIGN(JsonValue value, readJsonObject(file, kMaxConfigBytes));
  Status status;
  ConfigObject top(file.path(), "", value, status);
  checkFamily(top);
  refuseTextConfig(top);
  DS_TRY(std::move(status));

  ModelConfig config;
#define CONFIG_KEY(key, field, kind, absent, null)                             \
  top.read(k##kind, #key, config.field, null);
#include "compiler/checkpoint/ConfigKeys.def"
  readRope(top, config);
  readQuantization(top, config);
  DS_TRY(std::move(status));
  config.eosTokenId = {1};
  top.readTokens("eos_token_id", config.vocabSize, config.eosTokenId,
                 IfNull::Refused);
  checkSupported(top, config);
  checkConsistency(top, config);
  DS_TRY(std::move(status));
  noteKeys(value, config);
  return config;
}

Result<ModelConfig> readConfig(const std::string &path) {
  DS_ASSIGN(ModelLocation location, locateModel(path));
  DS_ASSIGN(InputFolder folder, InputFolder::open(location.folder));
  DS_ASSIGN(InputFile file, folder.openFile(location.configName));
  return readConfig(file);
}

} // namespace ds::checkpoint
