// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// config.json and generation_config.json to typed values.
#pragma once
#include "compiler/checkpoint/ModelConfig.h"
#include "compiler/checkpoint/OpenFile.h"

namespace ds::checkpoint {

constexpr uint64_t kMaxConfigBytes = 1u << 20;

/// Every rule of ConfigKeys.def and every rule between keys; up to all errors
/// of the file at once. FileTooLarge, Json…, Config…, ModelUnsupported.
Result<ModelConfig> readConfig(const InputFile &file);
/// `path` is a folder with a config.json, or a config file.
Result<ModelConfig> readConfig(const std::string &path);

/// None when the folder has no generation_config.json. `vocabSize` bounds the
/// token ids.
Result<std::optional<GenerationConfig>>
readGenerationConfig(const InputFolder &folder, uint32_t vocabSize);
Result<std::optional<GenerationConfig>>
readGenerationConfig(const std::string &path, uint32_t vocabSize);

} // namespace ds::checkpoint
