// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The few facts of tokenizer_config.json that the compiler believes.
#pragma once
#include "compiler/checkpoint/OpenFile.h"

namespace ds {

constexpr uint64_t kMaxTokenizerBytes = 64u << 20;
constexpr uint64_t kMaxTemplateBytes = 256u << 10;

struct TokenizerConfig {
  std::string bos, eos; // contents; empty where the file names none
  std::optional<bool> addBos;
  std::string chatTemplate; // "default" of a list; empty where there is none
};

/// All empty where the file is absent. TokenizerKey for a wrong type.
Result<TokenizerConfig>
readTokenizerConfig(const checkpoint::InputFolder &folder);

} // namespace ds
