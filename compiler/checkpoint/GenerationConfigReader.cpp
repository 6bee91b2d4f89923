// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/checkpoint/ConfigObject.h"
#include "compiler/checkpoint/ConfigReader.h"
#include <algorithm>

namespace ds::checkpoint {
namespace {

using Kind = JsonValue::Kind;
constexpr const char *kName = "generation_config.json";
// Read here, or without influence on which token follows.
constexpr std::string_view kKnown[] = {
    "do_sample",          "temperature",          "top_k",
    "top_p",              "min_p",                "repetition_penalty",
    "eos_token_id",       "bos_token_id",         "pad_token_id",
    "_from_model_config", "transformers_version", "use_cache",
    "max_new_tokens",     "max_length"};

/// A number in [least, most]; null is the same as absent here.
void readNumber(ConfigObject &top, std::string_view key, double least,
                double most, std::string_view expected,
                std::optional<double> &to) {
  const JsonValue *value = top.find(key);
  if (!value || value->kind == Kind::Null)
    return;
  if ((value->kind == Kind::Unsigned || value->kind == Kind::Number) &&
      value->number >= least && value->number <= most)
    to = value->number;
  else
    top.fail(ErrorCode::ConfigValue, key, value->describe(),
             std::string(expected));
}

/// Whether a key dsc does not read asks for nothing.
bool isNeutral(std::string_view key, const JsonValue &value) {
  switch (value.kind) {
  case Kind::Null:
    return true;
  case Kind::Bool:
    return !value.boolean;
  case Kind::Unsigned:
  case Kind::Number:
    return value.number == (key == "typical_p" || key == "num_beams" ||
                                    key == "num_return_sequences"
                                ? 1
                                : 0);
  default:
    return value.text.empty() && value.items.empty();
  }
}

} // namespace

Result<std::optional<GenerationConfig>>
readGenerationConfig(const InputFolder &folder, uint32_t vocabSize) {
  DS_ASSIGN(std::optional<InputFile> file, folder.tryOpen(kName));
  if (!file)
    return std::optional<GenerationConfig>();
  DS_ASSIGN(JsonValue value, readJsonObject(*file, kMaxConfigBytes));
  Status status;
  ConfigObject top(file->path(), "", value, status);
  GenerationConfig config;
  if (top.find("do_sample")) {
    bool doSample = false;
    top.read(kFlag, "do_sample", doSample, IfNull::MeansAbsent);
    config.doSample = doSample;
  }
  // A plan holds floats: nothing may become 0 or infinite there.
  constexpr double leastFloat = std::numeric_limits<float>::min(),
                   mostFloat = std::numeric_limits<float>::max();
  readNumber(top, "temperature", 0, mostFloat, "a number from 0 on",
             config.temperature);
  readNumber(top, "top_p", leastFloat, 1, "a number in (0, 1]", config.topP);
  readNumber(top, "min_p", 0, 1, "a number in [0, 1]", config.minP);
  readNumber(top, "repetition_penalty", leastFloat, mostFloat,
             "a number above 0", config.repetitionPenalty);
  std::optional<uint32_t> topK;
  top.read(kOptionalWidth, "top_k", topK, IfNull::MeansAbsent);
  const JsonValue *topKValue = top.find("top_k");
  if (topKValue && topKValue->kind != Kind::Null)
    config.topK = topK.value_or(0);
  top.readTokens("eos_token_id", vocabSize, config.eosTokenId,
                 IfNull::MeansAbsent);
  DS_TRY(std::move(status));
  for (size_t i = 0; i < value.keys.size(); ++i)
    if (std::find(std::begin(kKnown), std::end(kKnown), value.keys[i]) ==
            std::end(kKnown) &&
        !isNeutral(value.keys[i], value.items[i]))
      config.notes.push_back(
          std::string(kName) + ": " + printable(value.keys[i]) + " = " +
          printable(value.items[i].describe()) + " is not honoured");
  return std::optional<GenerationConfig>(std::move(config));
}

Result<std::optional<GenerationConfig>>
readGenerationConfig(const std::string &path, uint32_t vocabSize) {
  DS_ASSIGN(ModelLocation location, locateModel(path));
  DS_ASSIGN(InputFolder folder, InputFolder::open(location.folder));
  return readGenerationConfig(folder, vocabSize);
}

} // namespace ds::checkpoint
