// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// tokenizer.json becomes section TOKN of a plan.
#pragma once
#include "runtime/base/Status.h"
#include <optional>

namespace ds {

/// The bytes of the section (runtime/plan/TokenizerRecords.h) for the
/// tokenizer of a model folder; nullopt where it has no tokenizer.json. Equal
/// files give equal bytes. tokenizer.json alone says how text is split; from
/// tokenizer_config.json come only the names of BOS and EOS and whether raw
/// text begins with BOS. Errors: those of files and JSON (1xx), and 4xx.
Result<std::optional<std::vector<uint8_t>>>
compileTokenizer(const std::string &folder, uint32_t vocabSize);

} // namespace ds
