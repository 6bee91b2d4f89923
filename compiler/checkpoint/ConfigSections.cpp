// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/checkpoint/ConfigSections.h"
#include <algorithm>

namespace ds::checkpoint {
namespace {

using Kind = JsonValue::Kind;

void readYarn(ConfigObject &rope, ModelConfig &config) {
  YarnScaling yarn;
  const char *original = "original_max_position_embeddings";
  if (!rope.find(original))
    return rope.fail(ErrorCode::ConfigMissingKey, original, "nothing",
                     "an integer: rope type yarn needs it");
  rope.read(kContext, original, yarn.originalMaxPositionEmbeddings,
            IfNull::Refused);
  if (!yarn.originalMaxPositionEmbeddings)
    return; // already refused
  if (yarn.originalMaxPositionEmbeddings > config.maxPositionEmbeddings)
    rope.fail(ErrorCode::ConfigContradiction, original,
              std::to_string(yarn.originalMaxPositionEmbeddings),
              "at most max_position_embeddings (" +
                  std::to_string(config.maxPositionEmbeddings) + ")");
  yarn.factor =
      double(config.maxPositionEmbeddings) / yarn.originalMaxPositionEmbeddings;
  rope.read(kPositive, "factor", yarn.factor, IfNull::MeansAbsent);
  // The published classes take 0 and null for "absent" here.
  std::optional<double> betaFast, betaSlow;
  rope.readOptional("beta_fast", betaFast);
  rope.readOptional("beta_slow", betaSlow);
  yarn.betaFast = betaFast.value_or(yarn.betaFast);
  yarn.betaSlow = betaSlow.value_or(yarn.betaSlow);
  rope.readOptional("mscale", yarn.mscale);
  rope.readOptional("mscale_all_dim", yarn.mscaleAllDim);
  rope.readOptional("attention_factor", yarn.attentionFactor);
  rope.read(kFlag, "truncate", yarn.truncate, IfNull::MeansAbsent);
  config.ropeScaling = yarn;
}

void noteUnknown(const ConfigObject &object,
                 std::initializer_list<std::string_view> known,
                 std::string_view name, ModelConfig &config) {
  for (const std::string &key : object.value().keys)
    if (std::find(known.begin(), known.end(), key) == known.end())
      config.unknownKeys.push_back(std::string(name) + "/" + key);
}

bool isBlock(const JsonValue &value) {
  return value.kind == Kind::Array && value.items.size() == 2 &&
         std::all_of(value.items.begin(), value.items.end(),
                     [](const JsonValue &item) {
                       return item.kind == Kind::Unsigned && item.integer;
                     });
}

void readBlockSize(ConfigObject &quantization) {
  const JsonValue *block = quantization.find("weight_block_size");
  if (!block)
    return quantization.fail(
        ErrorCode::ConfigUnsupported, "weight_block_size", "nothing",
        "[128, 128] (one scale per tensor is not supported)");
  if (!isBlock(*block))
    return quantization.fail(ErrorCode::ConfigValue, "weight_block_size",
                             block->describe(), "two integers from 1 on");
  if (block->items[0].integer != 128 || block->items[1].integer != 128)
    quantization.fail(ErrorCode::ConfigUnsupported, "weight_block_size",
                      block->describe(),
                      "[128, 128], the only supported block");
}

} // namespace

void readRope(ConfigObject &top, ModelConfig &config) {
  const JsonValue *scaling = top.find("rope_scaling");
  const JsonValue *parameters = top.find("rope_parameters");
  if (scaling && scaling->kind == Kind::Null)
    scaling = nullptr;
  top.read(kPositive, "rope_theta", config.ropeTheta, IfNull::Refused);
  if (scaling && parameters)
    top.fail(ErrorCode::ConfigContradiction, "rope_parameters",
             "it beside rope_scaling", "one of the two");
  const char *key = parameters ? "rope_parameters" : "rope_scaling";
  const JsonValue *value = parameters ? parameters : scaling;
  if (value && value->kind != Kind::Object)
    return top.fail(ErrorCode::ConfigValue, key, value->describe(),
                    "an object");
  if (value) {
    ConfigObject rope = top.child(key, *value);
    double theta = config.ropeTheta;
    rope.read(kPositive, "rope_theta", theta, IfNull::Refused);
    if (top.find("rope_theta") && theta != config.ropeTheta)
      rope.fail(ErrorCode::ConfigContradiction, "rope_theta",
                rope.find("rope_theta")->describe(),
                "the top-level rope_theta (" +
                    top.find("rope_theta")->describe() + ")");
    config.ropeTheta = theta;
    // Where both are given, rope_type wins.
    const char *typeKey = rope.find("rope_type") ? "rope_type" : "type";
    std::string type;
    if (!rope.find(typeKey))
      rope.fail(ErrorCode::ConfigMissingKey, "rope_type", "nothing",
                "default or yarn");
    else
      rope.read(kWord, typeKey, type, IfNull::Refused);
    if (type == "yarn")
      readYarn(rope, config);
    else if (!type.empty() && type != "default")
      rope.fail(ErrorCode::ConfigUnsupported, typeKey, "\"" + type + "\"",
                "default or yarn, the supported ones");
    noteUnknown(rope,
                {"type", "rope_type", "rope_theta", "factor", "beta_fast",
                 "beta_slow", "mscale", "mscale_all_dim", "attention_factor",
                 "original_max_position_embeddings", "truncate"},
                key, config);
  }
  if (config.ropeTheta <= 1)
    top.fail(ErrorCode::ConfigValue, "rope_theta",
             std::to_string(config.ropeTheta), "a number above 1");
}

void readQuantization(ConfigObject &top, ModelConfig &config) {
  const char *key = "quantization_config";
  const JsonValue *value = top.find(key);
  if (!value)
    return;
  if (value->kind != Kind::Object)
    return top.fail(ErrorCode::ConfigValue, key, value->describe(),
                    "an object");
  ConfigObject quantization = top.child(key, *value);
  BlockQuantization block;
  auto expectWord = [&](const char *name, std::string_view supported,
                        bool isRequired) {
    std::string word = isRequired ? "" : std::string(supported);
    if (isRequired && !quantization.find(name))
      return quantization.fail(ErrorCode::ConfigMissingKey, name, "nothing",
                               "\"" + std::string(supported) + "\"");
    size_t before = quantization.status().errors().size();
    quantization.read(kWord, name, word, IfNull::Refused);
    if (word != supported && quantization.status().errors().size() == before)
      quantization.fail(ErrorCode::ConfigUnsupported, name, "\"" + word + "\"",
                        "\"" + std::string(supported) +
                            "\", the only supported one");
  };
  expectWord("quant_method", "fp8", true);
  expectWord("fmt", "e4m3", false);
  expectWord("activation_scheme", "dynamic", false);
  readBlockSize(quantization);
  if (quantization.find("scale_fmt")) {
    expectWord("scale_fmt", "ue8m0", false);
    block.ue8m0 = true;
  }
  // Which tensors are quantised is seen in the headers.
  noteUnknown(quantization,
              {"quant_method", "fmt", "activation_scheme", "weight_block_size",
               "scale_fmt", "modules_to_not_convert", "ignored_layers"},
              key, config);
  config.quantizationConfig = block;
}

} // namespace ds::checkpoint
