// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// tokenizer.json as typed, checked values.
#pragma once
#include "compiler/checkpoint/JsonValue.h"
#include "runtime/plan/TokenizerRecords.h"

namespace ds {

/// A token of the vocabulary or an added one. Views are of the JSON tree.
struct TokenizerModel {
  struct Added {
    std::string_view content;
    uint32_t id;
    uint32_t flags; // kControlSpecial, kControlNormalized
  };

  std::vector<std::string_view> spellings; // by id, in the byte alphabet
  std::vector<Added> added;                // by content
  std::vector<rt::MergeRecord> merges;     // by rank
  uint32_t byteTokens[256];
};

/// The parts of the pipeline around the model (normalizer, pre-tokenizer,
/// decoder, options of BPE): TokenizerUnsupported names the first that is not
/// as DeepSeek V3 has it.
Status checkPipeline(const checkpoint::JsonValue &tokenizer,
                     const std::string &file);

/// Vocabulary, merges and added tokens. Every id is below `vocabSize`, none is
/// missing or given twice, and no merge reaches an added token. The tree must
/// outlive the result. Up to 20 errors of a kind are collected.
Result<TokenizerModel>
readTokenizerModel(const checkpoint::JsonValue &tokenizer, uint32_t vocabSize,
                   const std::string &file);

} // namespace ds
