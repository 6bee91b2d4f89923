// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/text/ChatRecognizer.h"
#include "compiler/text/TemplateEnding.h"
#include "compiler/text/TokenizerConfig.h"
#include "runtime/plan/TokenizerRecords.h"
#include <cstring>

namespace ds {
namespace {

using rt::ChatFormat;

constexpr std::string_view kUser = "<｜User｜>", kAssistant = "<｜Assistant｜>",
                           kThink = "<think>", kThinkEnd = "</think>";

struct Template {
  std::string source; // the file it is from
  std::string text;   // empty where there is none
};

Result<Template> readTemplate(const checkpoint::InputFolder &folder) {
  Template found;
  DS_ASSIGN(auto file, folder.tryOpen("chat_template.jinja"));
  if (file) {
    found.source = "chat_template.jinja";
    DS_ASSIGN(found.text, file->readAll(kMaxTemplateBytes));
    return found;
  }
  DS_ASSIGN(TokenizerConfig config, readTokenizerConfig(folder));
  found.source = "tokenizer_config.json";
  found.text = std::move(config.chatTemplate);
  if (found.text.size() > kMaxTemplateBytes)
    return Error{.code = ErrorCode::TokenizerLimit,
                 .file = folder.path() + "/tokenizer_config.json",
                 .where = "/chat_template",
                 .found = std::to_string(found.text.size()) + " bytes",
                 .expected = "at most " + std::to_string(kMaxTemplateBytes)};
  return found;
}

ChatFormat formatOf(const Template &found, std::string &reason) {
  if (found.text.empty()) {
    reason = "the model folder has no chat template";
    return ChatFormat::None;
  }
  auto ending = templateEnding(found.text);
  std::string turn(kAssistant);
  if (ending == turn) {
    reason = found.source + " ends a prompt with " + turn;
    return ChatFormat::V3;
  }
  if (ending == turn + std::string(kThink) + "\n") {
    reason = found.source + " ends a prompt with " + turn + "<think>\\n";
    return ChatFormat::R1;
  }
  reason = found.source + " holds a template that is not known";
  return ChatFormat::None;
}

/// A control token's id in a section that compileTokenizer made.
uint32_t controlId(std::span<const uint8_t> section, std::string_view content) {
  rt::TokenizerHeader header;
  std::memcpy(&header, section.data(), sizeof header);
  rt::TokenizerLayout layout(header);
  auto *text = reinterpret_cast<const char *>(section.data() + layout.text);
  for (uint32_t i = 0; i < header.numControls; ++i) {
    rt::ControlRecord control;
    std::memcpy(&control, section.data() + layout.controls + i * sizeof control,
                sizeof control);
    if (std::string_view(text + control.offset, control.length) == content)
      return control.id;
  }
  return rt::kNoToken;
}

} // namespace

Result<ChatRecognition> recognizeChat(const std::string &folderPath,
                                      std::span<const uint8_t> tokenizer,
                                      std::optional<ChatFormat> forced) {
  DS_ASSIGN(auto folder, checkpoint::InputFolder::open(folderPath));
  ChatRecognition chat{};
  if (forced) {
    chat.record.format = *forced;
    chat.reason = "forced";
  } else {
    DS_ASSIGN(Template found, readTemplate(folder));
    chat.record.format = formatOf(found, chat.reason);
  }
  rt::TokenizerHeader header;
  std::memcpy(&header, tokenizer.data(), sizeof header);
  chat.record.bos = header.bos;
  chat.record.eos = header.eos;
  chat.record.user = controlId(tokenizer, kUser);
  chat.record.assistant = controlId(tokenizer, kAssistant);
  chat.record.think = controlId(tokenizer, kThink);
  chat.record.thinkEnd = controlId(tokenizer, kThinkEnd);

  struct Needed {
    uint32_t id;
    std::string_view content;
  } needed[] = {{header.bos, "BOS"},
                {header.eos, "EOS"},
                {chat.record.user, kUser},
                {chat.record.assistant, kAssistant},
                {chat.record.think, kThink}};
  size_t count = chat.record.format == ChatFormat::R1   ? 5
                 : chat.record.format == ChatFormat::V3 ? 4
                                                        : 0;
  Status status;
  for (const Needed &token : std::span(needed, count))
    if (token.id == rt::kNoToken)
      status.add(
          Error{.code = ErrorCode::ChatTokenMissing,
                .file = folder.path() + "/tokenizer.json",
                .where = "/added_tokens",
                .found = "no " + std::string(token.content),
                .expected = "the control tokens of chat format " +
                            std::string(rt::chatFormatName(chat.record.format)),
                .help = "--chat-format none compiles without it"});
  DS_TRY(std::move(status));
  return chat;
}

} // namespace ds
