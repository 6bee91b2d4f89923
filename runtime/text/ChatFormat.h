// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Turns of a chat become a prompt. With B, E, U, A for BOS, EOS, <｜User｜>,
// <｜Assistant｜>:
//
//   v3   B{system}U{user}A{assistant}E … and to be answered: A
//   r1   the same … and to be answered: A<think> and a newline
//
// All system turns are joined by two newlines in front, wherever they stand. Of
// an assistant's turn only what follows its last </think> is kept.
//
// A turn that calls tools, and what they gave back, are in both formats, with
// the bars and signs of the tokens left out:
//
//   A{assistant}<calls begin>{call}\n{call}…<calls end>E
//   <outputs begin><output begin>{tool}<output end>…<outputs end>
//   where a call is <call begin>{type}<sep>{name}\n```json\n{arguments}\n```
//   <call end>, without a newline before its end
//
// What follows outputs is the same answer: no A, no <think>, content as it is.
//
// The published templates never reset what they know of the first call and the
// first output: later ones lose their opening, and the content beside them.
// Here every group of calls and of outputs is whole.
#pragma once
#include "runtime/plan/ChatRecord.h"
#include "runtime/text/Tokenizer.h"
#include <array>

namespace ds::rt {

enum class Role : uint8_t { System, User, Assistant, Tool };

struct ToolCall {
  std::string type; // "function"
  std::string name;
  std::string arguments; // JSON, as the model wrote it
};

struct Message {
  Role role;
  std::string content;
  std::vector<ToolCall> calls = {}; // of an assistant
};

class ChatRenderer {
public:
  /// Borrows the tokenizer. ChatFormatMissing for format None, ChatTokenMissing
  /// where the record lacks a token that its format writes.
  static Result<ChatRenderer> open(const Tokenizer &tokenizer,
                                   const ChatRecord &chat);

  /// The prompt as text. ChatTokenMissing for calls or outputs of tools where
  /// the tokenizer has no tokens for them.
  Result<std::string> text(std::span<const Message> messages,
                           bool addGenerationPrompt) const;
  /// Ids, BOS included. Control tokens come from the format alone: no content
  /// becomes one, whatever it spells. PromptNotUTF8 for content; errors of
  /// text().
  Result<std::vector<uint32_t>> ids(std::span<const Message> messages,
                                    bool addGenerationPrompt) const;

  /// Whether an answer begins inside the reasoning, unless it follows outputs.
  bool answersReason() const { return chat_.format == ChatFormat::R1; }
  const ChatRecord &record() const { return chat_; }

  static constexpr size_t kNumToolTokens = 9;

private:
  struct Part {
    uint32_t control; // kNoToken for text
    std::string text;
  };
  class Writer;
  ChatRenderer(const Tokenizer &tokenizer, const ChatRecord &chat);
  Result<std::vector<Part>> parts(std::span<const Message> messages,
                                  bool addGenerationPrompt) const;
  Status checkTools(std::span<const Message> messages) const;

  const Tokenizer *tokenizer_;
  ChatRecord chat_;
  std::array<uint32_t, kNumToolTokens> tools_; // ids; kNoToken: has none
};

} // namespace ds::rt
