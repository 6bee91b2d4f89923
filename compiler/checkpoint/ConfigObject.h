// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Typed access to the keys of one JSON object of a config file; keeps every
// error. Private to the readers of config files.
#pragma once
#include "compiler/checkpoint/JsonValue.h"
#include "compiler/checkpoint/ModelConfig.h"

namespace ds::checkpoint {

enum class IfNull { Refused, MeansNone, MeansAbsent };

class ConfigObject {
public:
  /// `where` is the object's JSON pointer, "" for the top.
  ConfigObject(const std::string &file, std::string where,
               const JsonValue &object, Status &status)
      : file_(file), where_(std::move(where)), object_(object),
        status_(status) {}

  const JsonValue *find(std::string_view key) const {
    return object_.find(key);
  }
  ConfigObject child(std::string_view key, const JsonValue &value) const {
    return {file_, where_ + "/" + std::string(key), value, status_};
  }

  // Each leaves `to` alone when the key is absent, and on an error.
  template <class Value>
  void read(const IntegerKind<Value> &kind, std::string_view key, Value &to,
            IfNull ifNull) {
    if (const JsonValue *value = find(key)) {
      if (std::optional<uint64_t> got =
              integer(key, *value, kind.least, kind.most, kind.isLimit, ifNull))
        to = uint32_t(*got);
      else if (isNone(*value, ifNull))
        to = {};
    }
    if constexpr (!std::is_integral_v<Value>)
      if (to && !*to)
        to = {};
  }
  void read(PositiveKind, std::string_view key, double &to, IfNull ifNull);
  void read(FlagKind, std::string_view key, bool &to, IfNull ifNull);
  void read(WordKind, std::string_view key, std::string &to, IfNull ifNull);
  /// A finite number >= 0, or nothing for null and 0.
  void readOptional(std::string_view key, std::optional<double> &to);
  /// One token id below `vocabSize` or a list of 1 to kMaxEosTokens of them.
  void readTokens(std::string_view key, uint32_t vocabSize,
                  std::vector<uint32_t> &to, IfNull ifNull);

  void fail(ErrorCode code, std::string_view key, std::string found,
            std::string expected);
  const std::string &file() const { return file_; }
  const JsonValue &value() const { return object_; }
  Status &status() { return status_; }

private:
  std::optional<uint64_t> integer(std::string_view key, const JsonValue &value,
                                  uint64_t least, uint64_t most, bool isLimit,
                                  IfNull ifNull);
  static bool isNone(const JsonValue &value, IfNull ifNull) {
    return value.kind == JsonValue::Kind::Null && ifNull == IfNull::MeansNone;
  }
  /// True when the value is null; refuses it where null has no meaning.
  bool handleNull(std::string_view key, const JsonValue &value, IfNull ifNull,
                  std::string_view expected);

  const std::string &file_;
  std::string where_;
  const JsonValue &object_;
  Status &status_;
};

} // namespace ds::checkpoint
