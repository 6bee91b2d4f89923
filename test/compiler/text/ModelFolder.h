// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A temporary model folder with the smallest tokenizer that is accepted.
#pragma once
#include <nlohmann/json.hpp>
#include <string>

namespace ds {

class ModelFolder {
public:
  ModelFolder(); // empty
  ~ModelFolder();
  ModelFolder(const ModelFolder &) = delete;

  const std::string &path() const { return path_; }
  void write(const std::string &name, const std::string &text) const;
  void write(const std::string &name, const nlohmann::json &json) const;

private:
  std::string path_;
};

/// 256 byte tokens (ids 0 to 255), "ab" and "abc" with their merges, and the
/// control tokens of the chat formats: BOS 258, EOS 259, <｜User｜> 260,
/// <｜Assistant｜> 261, <think> 262, </think> 263.
nlohmann::json smallTokenizer();
constexpr uint32_t kSmallVocabSize = 300;

} // namespace ds
