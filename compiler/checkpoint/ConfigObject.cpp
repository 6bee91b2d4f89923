// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/checkpoint/ConfigObject.h"

namespace ds::checkpoint {

using Kind = JsonValue::Kind;

void ConfigObject::fail(ErrorCode code, std::string_view key, std::string found,
                        std::string expected) {
  status_.add({.code = code,
               .file = file_,
               .where = where_,
               .subject = "key \"" + std::string(key) + "\"",
               .found = std::move(found),
               .expected = std::move(expected)});
}

bool ConfigObject::handleNull(std::string_view key, const JsonValue &value,
                              IfNull ifNull, std::string_view expected) {
  if (value.kind != Kind::Null)
    return false;
  if (ifNull == IfNull::Refused)
    fail(ErrorCode::ConfigValue, key, "null", std::string(expected));
  return true;
}

std::optional<uint64_t> ConfigObject::integer(std::string_view key,
                                              const JsonValue &value,
                                              uint64_t least, uint64_t most,
                                              bool isLimit, IfNull ifNull) {
  std::string expected =
      "integer " + std::to_string(least) + ".." + std::to_string(most);
  if (handleNull(key, value, ifNull, expected))
    return {};
  if (value.kind != Kind::Unsigned || value.integer < least ||
      (value.integer > most && !isLimit)) {
    fail(ErrorCode::ConfigValue, key, value.describe(), expected);
    return {};
  }
  if (value.integer > most) {
    fail(ErrorCode::ConfigLimit, key, value.describe(),
         "at most " + std::to_string(most));
    return {};
  }
  return value.integer;
}

void ConfigObject::read(PositiveKind, std::string_view key, double &to,
                        IfNull ifNull) {
  const JsonValue *value = find(key);
  if (!value || handleNull(key, *value, ifNull, "a number above 0"))
    return;
  if ((value->kind == Kind::Unsigned || value->kind == Kind::Number) &&
      value->number > 0)
    to = value->number;
  else
    fail(ErrorCode::ConfigValue, key, value->describe(), "a number above 0");
}

void ConfigObject::read(FlagKind, std::string_view key, bool &to,
                        IfNull ifNull) {
  const JsonValue *value = find(key);
  if (!value || handleNull(key, *value, ifNull, "true or false"))
    return;
  if (value->kind == Kind::Bool)
    to = value->boolean;
  else
    fail(ErrorCode::ConfigValue, key, value->describe(), "true or false");
}

void ConfigObject::read(WordKind, std::string_view key, std::string &to,
                        IfNull ifNull) {
  const JsonValue *value = find(key);
  if (!value || handleNull(key, *value, ifNull, "a string"))
    return;
  if (value->kind == Kind::String)
    to = value->text;
  else
    fail(ErrorCode::ConfigValue, key, value->describe(), "a string");
}

void ConfigObject::readOptional(std::string_view key,
                                std::optional<double> &to) {
  const JsonValue *value = find(key);
  if (!value || value->kind == Kind::Null)
    return;
  if ((value->kind != Kind::Unsigned && value->kind != Kind::Number) ||
      value->number < 0)
    fail(ErrorCode::ConfigValue, key, value->describe(), "a number from 0 on");
  else if (value->number != 0)
    to = value->number;
}

void ConfigObject::readTokens(std::string_view key, uint32_t vocabSize,
                              std::vector<uint32_t> &to, IfNull ifNull) {
  const JsonValue *value = find(key);
  std::string expected = "a token id below " + std::to_string(vocabSize);
  if (!value || handleNull(key, *value, ifNull, expected))
    return;
  bool isList = value->kind == Kind::Array;
  size_t count = isList ? value->items.size() : 1;
  if (count > kMaxEosTokens)
    return fail(ErrorCode::ConfigLimit, key, value->describe(),
                "at most " + std::to_string(kMaxEosTokens) + " token ids");
  std::vector<uint32_t> tokens;
  for (size_t i = 0; i < count; ++i) {
    const JsonValue &item = isList ? value->items[i] : *value;
    if (item.kind != Kind::Unsigned || item.integer >= vocabSize)
      return fail(ErrorCode::ConfigValue, key, item.describe(), expected);
    tokens.push_back(uint32_t(item.integer));
  }
  if (tokens.empty())
    return fail(ErrorCode::ConfigValue, key, "an empty list", expected);
  to = std::move(tokens);
}

} // namespace ds::checkpoint
