// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/checkpoint/JsonValue.h"
#include "compiler/checkpoint/JsonEvents.h"
#include <algorithm>
#include <numeric>

namespace ds::checkpoint {
namespace {

class TreeBuilder : public JsonEvents {
public:
  explicit TreeBuilder(const std::string &file) : file_(file) {}

  bool onNull() override { return add({}); }
  bool onBool(bool value) override {
    return add({.kind = JsonValue::Kind::Bool, .boolean = value});
  }
  bool onUnsigned(uint64_t value) override {
    return add({.kind = JsonValue::Kind::Unsigned,
                .integer = value,
                .number = double(value)});
  }
  bool onNumber(double value, std::string_view spelling) override {
    return add({.kind = JsonValue::Kind::Number,
                .number = value,
                .text = std::string(spelling)});
  }
  bool onString(std::string &value) override {
    return add({.kind = JsonValue::Kind::String, .text = std::move(value)});
  }
  bool onKey(std::string &key) override {
    open_.back().keys.push_back(std::move(key));
    return true;
  }
  bool onBegin(bool isObject) override {
    open_.push_back(
        {.kind = isObject ? JsonValue::Kind::Object : JsonValue::Kind::Array});
    return true;
  }
  bool onEnd() override {
    JsonValue value = std::move(open_.back());
    open_.pop_back();
    return checkKeys(value) && add(std::move(value));
  }

  JsonValue top;

private:
  bool add(JsonValue value) {
    (open_.empty() ? top : open_.back().items.emplace_back()) =
        std::move(value);
    return true;
  }

  bool checkKeys(const JsonValue &value) {
    std::vector<size_t> order(value.keys.size());
    std::iota(order.begin(), order.end(), size_t(0));
    std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
      int compared = value.keys[a].compare(value.keys[b]);
      return compared ? compared < 0 : a < b;
    });
    for (size_t i = 1; i < order.size(); ++i)
      if (value.keys[order[i - 1]] == value.keys[order[i]])
        return fail({.code = ErrorCode::JsonKeyTwice,
                     .file = file_,
                     .subject = "key \"" + value.keys[order[i]] +
                                "\": appears twice (" +
                                value.items[order[i - 1]].describe() +
                                ", then " + value.items[order[i]].describe() +
                                ")"});
    return true;
  }

  const std::string &file_;
  std::vector<JsonValue> open_; // objects and arrays not yet closed
};

} // namespace

const JsonValue *JsonValue::find(std::string_view key) const {
  auto at = std::find(keys.begin(), keys.end(), key);
  return at == keys.end() ? nullptr : &items[size_t(at - keys.begin())];
}

std::string JsonValue::describe() const {
  switch (kind) {
  case Kind::Null:
    return "null";
  case Kind::Bool:
    return boolean ? "true" : "false";
  case Kind::Unsigned:
    return std::to_string(integer);
  case Kind::Number:
    return text;
  case Kind::String:
    return "\"" + text + "\" (string)";
  case Kind::Array: {
    if (items.size() > 4)
      return "a list of " + std::to_string(items.size());
    std::string list = "[";
    for (const JsonValue &item : items)
      list += (list.size() > 1 ? ", " : "") + item.describe();
    return list + "]";
  }
  case Kind::Object:
    return "an object";
  }
  return "";
}

Result<JsonValue> readJsonObject(const InputFile &file, uint64_t limit) {
  DS_ASSIGN(std::string text, file.readAll(limit));
  TreeBuilder builder(file.path());
  DS_TRY(parseJson(text, file.path(), builder));
  if (builder.top.kind != JsonValue::Kind::Object)
    return Error{.code = ErrorCode::JsonSyntax,
                 .file = file.path(),
                 .where = "1:1",
                 .found = builder.top.describe(),
                 .expected = "an object"};
  return std::move(builder.top);
}

} // namespace ds::checkpoint
