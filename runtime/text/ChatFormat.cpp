// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/text/ChatFormat.h"
#include <algorithm>

namespace ds::rt {
namespace {

/// Tokens that frame calls and outputs; places in ChatRenderer::tools_.
enum ToolToken : uint8_t {
  CallsBegin,
  CallsEnd,
  CallBegin,
  CallEnd,
  CallSeparator,
  OutputsBegin,
  OutputsEnd,
  OutputBegin,
  OutputEnd,
};
constexpr std::string_view kToolTokens[] = {
    "<｜tool▁calls▁begin｜>",   "<｜tool▁calls▁end｜>",
    "<｜tool▁call▁begin｜>",    "<｜tool▁call▁end｜>",
    "<｜tool▁sep｜>",           "<｜tool▁outputs▁begin｜>",
    "<｜tool▁outputs▁end｜>",   "<｜tool▁output▁begin｜>",
    "<｜tool▁output▁end｜>"};
static_assert(std::size(kToolTokens) == ChatRenderer::kNumToolTokens);

Error missing(ChatFormat format, std::string_view token) {
  return Error{.code = ErrorCode::ChatTokenMissing,
               .subject = "chat format " + std::string(chatFormatName(format)),
               .found = "no " + std::string(token),
               .expected = "a control token of the plan's tokenizer"};
}

bool usesTools(const Message &message) {
  return message.role == Role::Tool || !message.calls.empty();
}

std::string_view afterThought(std::string_view content) {
  constexpr std::string_view end = "</think>";
  size_t thought = content.rfind(end);
  return thought == content.npos ? content
                                 : content.substr(thought + end.size());
}

} // namespace

ChatRenderer::ChatRenderer(const Tokenizer &tokenizer, const ChatRecord &chat)
    : tokenizer_(&tokenizer), chat_(chat) {
  for (size_t i = 0; i < kNumToolTokens; ++i)
    tools_[i] = tokenizer.control(kToolTokens[i]).value_or(kNoToken);
}

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
      return missing(chat.format, token.name);
  return ChatRenderer(tokenizer, chat);
}

Status ChatRenderer::checkTools(std::span<const Message> messages) const {
  if (std::ranges::any_of(messages, usesTools))
    for (size_t i = 0; i < kNumToolTokens; ++i)
      if (tools_[i] == kNoToken)
        return missing(chat_.format, kToolTokens[i]);
  return Status::ok();
}

/// Writes turn after turn; knows whether outputs of tools are still open.
class ChatRenderer::Writer {
public:
  explicit Writer(const ChatRenderer &chat) : chat_(chat) {}

  void control(uint32_t id) { parts_.push_back({id, {}}); }
  void tool(ToolToken token) { control(chat_.tools_[token]); }
  void text(std::string_view content) {
    parts_.push_back({kNoToken, std::string(content)});
  }

  void turn(const Message &message) {
    switch (message.role) {
    case Role::System:
      break;
    case Role::User:
      closeOutputs();
      control(chat_.chat_.user);
      text(message.content);
      break;
    case Role::Assistant:
      answer(message);
      break;
    case Role::Tool:
      if (!inOutputs_)
        tool(OutputsBegin);
      inOutputs_ = true;
      tool(OutputBegin);
      text(message.content);
      tool(OutputEnd);
      break;
    }
  }

  void generationPrompt() {
    control(chat_.chat_.assistant);
    if (chat_.chat_.format == ChatFormat::R1) {
      control(chat_.chat_.think);
      text("\n");
    }
  }

  bool closeOutputs() {
    if (inOutputs_)
      tool(OutputsEnd);
    return std::exchange(inOutputs_, false);
  }

  std::vector<Part> take() { return std::move(parts_); }

private:
  void answer(const Message &message) {
    bool followsOutputs = closeOutputs();
    if (!followsOutputs)
      control(chat_.chat_.assistant);
    bool isPlain = !followsOutputs && message.calls.empty();
    text(isPlain ? afterThought(message.content) : message.content);
    if (!message.calls.empty())
      calls(message.calls);
    control(chat_.chat_.eos);
  }

  void calls(std::span<const ToolCall> calls) {
    tool(CallsBegin);
    for (const ToolCall &call : calls) {
      if (&call != &calls.front())
        text("\n");
      tool(CallBegin);
      text(call.type);
      tool(CallSeparator);
      text(call.name + "\n```json\n" + call.arguments + "\n```");
      tool(CallEnd);
    }
    tool(CallsEnd);
  }

  const ChatRenderer &chat_;
  std::vector<Part> parts_;
  bool inOutputs_ = false;
};

Result<std::vector<ChatRenderer::Part>>
ChatRenderer::parts(std::span<const Message> messages,
                    bool addGenerationPrompt) const {
  DS_TRY(checkTools(messages));
  std::string system;
  bool isFirst = true;
  for (const Message &message : messages)
    if (message.role == Role::System) {
      system += (isFirst ? "" : "\n\n") + message.content;
      isFirst = false;
    }
  Writer writer(*this);
  writer.control(chat_.bos);
  writer.text(system);
  for (const Message &message : messages)
    writer.turn(message);
  if (!writer.closeOutputs() && addGenerationPrompt)
    writer.generationPrompt();
  return writer.take();
}

Result<std::string> ChatRenderer::text(std::span<const Message> messages,
                                       bool addGenerationPrompt) const {
  DS_ASSIGN(std::vector<Part> all, parts(messages, addGenerationPrompt));
  std::string out;
  for (const Part &part : all)
    out += part.control == kNoToken ? std::string_view(part.text)
                                    : tokenizer_->bytes(part.control);
  return out;
}

Result<std::vector<uint32_t>>
ChatRenderer::ids(std::span<const Message> messages,
                  bool addGenerationPrompt) const {
  DS_ASSIGN(std::vector<Part> all, parts(messages, addGenerationPrompt));
  std::vector<uint32_t> ids;
  for (const Part &part : all) {
    if (part.control != kNoToken)
      ids.push_back(part.control);
    else
      DS_TRY(tokenizer_->encode(part.text, ControlTokens::PlainText, ids));
  }
  return ids;
}

} // namespace ds::rt
