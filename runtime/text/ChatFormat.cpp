// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/text/ChatFormat.h"

namespace ds::rt {

Result<ChatRenderer> ChatRenderer::open(const Tokenizer &tokenizer,
                                        const ChatRecord &chat) {
  if (chat.format != ChatFormat::V3 && chat.format != ChatFormat::R1)
    return Error{.code = ErrorCode::ChatFormatMissing,
                 .subject = "chat format",
                 .found = "none in the plan",
                 .expected = "v3 or r1",
                 .help = "--raw sends plain text; --chat-format chooses one"};
  struct Needed {
    uint32_t id;
    const char *name;
  } needed[] = {{chat.bos, "BOS"},
                {chat.eos, "EOS"},
                {chat.user, "<｜User｜>"},
                {chat.assistant, "<｜Assistant｜>"},
                {chat.think, "<think>"}};
  bool writesThink = chat.format == ChatFormat::R1;
  for (const Needed &token : std::span(needed, writesThink ? 5 : 4))
    if (!tokenizer.isControl(token.id))
      return Error{.code = ErrorCode::ChatTokenMissing,
                   .subject = "chat format " +
                              std::string(chatFormatName(chat.format)),
                   .found = std::string("no ") + token.name,
                   .expected = "a control token of the plan's tokenizer"};
  return ChatRenderer(tokenizer, chat);
}

std::vector<ChatRenderer::Part>
ChatRenderer::parts(std::span<const Message> messages,
                    bool addGenerationPrompt) const {
  std::vector<Part> parts;
  auto control = [&](uint32_t id) { parts.push_back({id, {}}); };
  auto text = [&](std::string content) {
    parts.push_back({kNoToken, std::move(content)});
  };

  std::string system;
  bool isFirst = true;
  for (const Message &message : messages)
    if (message.role == Role::System) {
      system += (isFirst ? "" : "\n\n") + message.content;
      isFirst = false;
    }
  control(chat_.bos);
  text(std::move(system));
  for (const Message &message : messages) {
    if (message.role == Role::User) {
      control(chat_.user);
      text(message.content);
    } else if (message.role == Role::Assistant) {
      constexpr std::string_view end = "</think>";
      size_t thought = message.content.rfind(end);
      control(chat_.assistant);
      text(thought == std::string::npos
               ? message.content
               : message.content.substr(thought + end.size()));
      control(chat_.eos);
    }
  }
  if (addGenerationPrompt) {
    control(chat_.assistant);
    if (chat_.format == ChatFormat::R1) {
      control(chat_.think);
      text("\n");
    }
  }
  return parts;
}

std::string ChatRenderer::text(std::span<const Message> messages,
                               bool addGenerationPrompt) const {
  std::string out;
  for (const Part &part : parts(messages, addGenerationPrompt))
    out += part.control == kNoToken ? std::string_view(part.text)
                                    : tokenizer_->bytes(part.control);
  return out;
}

Result<std::vector<uint32_t>>
ChatRenderer::ids(std::span<const Message> messages,
                  bool addGenerationPrompt) const {
  std::vector<uint32_t> ids;
  for (const Part &part : parts(messages, addGenerationPrompt)) {
    if (part.control != kNoToken)
      ids.push_back(part.control);
    else
      DS_TRY(tokenizer_->encode(part.text, ControlTokens::PlainText, ids));
  }
  return ids;
}

} // namespace ds::rt
