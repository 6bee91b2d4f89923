// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Recognises the one pipeline that the runtime implements. Patterns are
// compared as text, never run.

#include "compiler/text/TokenizerModel.h"

namespace ds {
namespace {

using checkpoint::JsonValue;

constexpr size_t kMaxPatternBytes = 4096;
constexpr std::string_view kSplitPatterns[] = {
    R"(\p{N}{1,3})",
    "[一-龥぀-ゟ゠-ヿ]+",
    R"([!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+)"
    "|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+"
    "| ?[\\p{P}\\p{S}]+[\r\n]*"
    "|\\s*[\r\n]+"
    R"(|\s+(?!\S))"
    R"(|\s+)",
};

/// Checkpoints spell a few characters of the patterns with or without escapes.
std::string withoutEscapes(std::string_view pattern) {
  std::string plain;
  for (size_t at = 0; at < pattern.size(); ++at) {
    char next = at + 1 < pattern.size() ? pattern[at + 1] : '\0';
    if (pattern[at] != '\\' || next == '\0') {
      plain += pattern[at];
      continue;
    }
    ++at;
    if (next == 'r')
      plain += '\r';
    else if (next == 'n')
      plain += '\n';
    else if (next == '"')
      plain += '"';
    else
      (plain += '\\') += next;
  }
  return plain;
}

/// Walks the expected values; each check names a JSON pointer.
class PipelineChecker {
public:
  PipelineChecker(const JsonValue &root, const std::string &file)
      : root_(root), file_(file) {}

  Status status;

  /// `path` has '/' between keys and list indices. Null where absent.
  const JsonValue *at(std::string_view path) const {
    const JsonValue *value = &root_;
    while (value && !path.empty()) {
      size_t slash = std::min(path.find('/'), path.size());
      std::string_view key = path.substr(0, slash);
      path.remove_prefix(std::min(slash + 1, path.size()));
      if (value->kind != JsonValue::Kind::Array)
        value = value->find(key);
      else if (size_t i = size_t(key[0] - '0'); i < value->items.size())
        value = &value->items[i];
      else
        value = nullptr;
    }
    return value;
  }

  void expect(bool holds, std::string path, std::string expected) {
    if (holds)
      return;
    const JsonValue *value = at(path);
    status.add(Error{.code = ErrorCode::TokenizerUnsupported,
                     .file = file_,
                     .where = "/" + path,
                     .found = value ? value->describe() : "nothing",
                     .expected = std::move(expected)});
  }

  void expectPattern(std::string path, std::string_view expected) {
    const JsonValue *value = at(path);
    bool isString = value && value->kind == JsonValue::Kind::String;
    if (isString && value->text.size() > kMaxPatternBytes)
      return status.add(
          Error{.code = ErrorCode::TokenizerLimit,
                .file = file_,
                .where = "/" + path,
                .found = std::to_string(value->text.size()) + " bytes",
                .expected = "at most " + std::to_string(kMaxPatternBytes)});
    expect(isString && withoutEscapes(value->text) == expected, std::move(path),
           "the pattern of DeepSeek V3: " + std::string(expected));
  }

  void expectString(std::string path, std::string_view expected) {
    const JsonValue *value = at(path);
    bool holds = value && value->kind == JsonValue::Kind::String &&
                 value->text == expected;
    expect(holds, std::move(path), '"' + std::string(expected) + '"');
  }

  void expectFalse(std::string path, bool mayBeAbsent) {
    const JsonValue *value = at(path);
    bool holds = value ? value->kind == JsonValue::Kind::Bool && !value->boolean
                       : mayBeAbsent;
    expect(holds, std::move(path), "false");
  }

  /// Null, absent, zero or "".
  void expectNothing(std::string path) {
    const JsonValue *value = at(path);
    expect(
        !value || value->kind == JsonValue::Kind::Null ||
            (value->kind == JsonValue::Kind::String && value->text.empty()) ||
            (value->number == 0 && (value->kind == JsonValue::Kind::Number ||
                                    value->kind == JsonValue::Kind::Unsigned)),
        std::move(path), "null");
  }

private:
  const JsonValue &root_;
  const std::string &file_;
};

void checkNormalizer(PipelineChecker &check) {
  const JsonValue *normalizer = check.at("normalizer");
  if (!normalizer || normalizer->kind == JsonValue::Kind::Null)
    return;
  check.expectString("normalizer/type", "Sequence");
  const JsonValue *list = normalizer->find("normalizers");
  check.expect(list && list->kind == JsonValue::Kind::Array &&
                   list->items.empty(),
               "normalizer/normalizers", "an empty list");
}

void checkPreTokenizer(PipelineChecker &check) {
  check.expectString("pre_tokenizer/type", "Sequence");
  const JsonValue *list = check.at("pre_tokenizer/pretokenizers");
  constexpr size_t numSplits = std::size(kSplitPatterns);
  check.expect(list && list->items.size() == numSplits + 1,
               "pre_tokenizer/pretokenizers",
               "three Splits and a ByteLevel, as of DeepSeek V3");
  if (!check.status)
    return;
  for (size_t i = 0; i <= numSplits; ++i) {
    std::string path = "pre_tokenizer/pretokenizers/" + std::to_string(i);
    if (i == numSplits) {
      check.expectString(path + "/type", "ByteLevel");
      check.expectFalse(path + "/add_prefix_space", false);
      check.expectFalse(path + "/use_regex", false);
      return;
    }
    check.expectString(path + "/type", "Split");
    check.expectString(path + "/behavior", "Isolated");
    check.expectFalse(path + "/invert", true);
    check.expectPattern(path + "/pattern/Regex", kSplitPatterns[i]);
  }
}

} // namespace

Status checkPipeline(const JsonValue &tokenizer, const std::string &file) {
  PipelineChecker check(tokenizer, file);
  check.expectString("model/type", "BPE");
  check.expectNothing("model/dropout");
  check.expectNothing("model/continuing_subword_prefix");
  check.expectNothing("model/end_of_word_suffix");
  check.expectFalse("model/byte_fallback", true);
  check.expectFalse("model/ignore_merges", true);
  checkNormalizer(check);
  checkPreTokenizer(check);
  check.expectString("decoder/type", "ByteLevel");
  return std::move(check.status);
}

} // namespace ds
