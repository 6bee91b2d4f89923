// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/text/TokenizerConfig.h"
#include "compiler/checkpoint/JsonValue.h"

namespace ds {
namespace {

using checkpoint::JsonValue;
using Kind = JsonValue::Kind;

class ConfigReader {
public:
  ConfigReader(const JsonValue &root, const std::string &file)
      : root_(root), file_(file) {}

  Result<TokenizerConfig> read() {
    config_.bos = token("bos_token");
    config_.eos = token("eos_token");
    if (const JsonValue *value = present("add_bos_token")) {
      if (value->kind == Kind::Bool)
        config_.addBos = value->boolean;
      else
        wrong("add_bos_token", *value, "true or false");
    }
    readTemplate();
    DS_TRY(std::move(status_));
    return std::move(config_);
  }

private:
  const JsonValue *present(const char *key) const {
    const JsonValue *value = root_.find(key);
    return value && value->kind != Kind::Null ? value : nullptr;
  }

  void wrong(const char *key, const JsonValue &value, const char *expected) {
    status_.add(Error{.code = ErrorCode::TokenizerKey,
                      .file = file_,
                      .where = std::string("/") + key,
                      .found = value.describe(),
                      .expected = expected});
  }

  /// A string, or an object with a string "content".
  std::string token(const char *key) {
    const JsonValue *value = present(key);
    if (!value)
      return {};
    const JsonValue *content =
        value->kind == Kind::Object ? value->find("content") : value;
    if (content && content->kind == Kind::String)
      return content->text;
    wrong(key, *value, "a string, or an object with \"content\"");
    return {};
  }

  /// A string, or a list of {"name", "template"}.
  void readTemplate() {
    const JsonValue *value = present("chat_template");
    if (!value)
      return;
    if (value->kind == Kind::String) {
      config_.chatTemplate = value->text;
      return;
    }
    if (value->kind != Kind::Array)
      return wrong("chat_template", *value, "a string, or a list");
    for (const JsonValue &entry : value->items) {
      const JsonValue *name = entry.find("name");
      const JsonValue *text = entry.find("template");
      if (name && name->text == "default" && text && text->kind == Kind::String)
        config_.chatTemplate = text->text;
    }
  }

  const JsonValue &root_;
  const std::string &file_;
  Status status_;
  TokenizerConfig config_;
};

} // namespace

Result<TokenizerConfig>
readTokenizerConfig(const checkpoint::InputFolder &folder) {
  DS_ASSIGN(auto file, folder.tryOpen("tokenizer_config.json"));
  if (!file)
    return TokenizerConfig();
  DS_ASSIGN(JsonValue root,
            checkpoint::readJsonObject(*file, kMaxTokenizerBytes));
  return ConfigReader(root, file->path()).read();
}

} // namespace ds
