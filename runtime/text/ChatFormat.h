// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Turns of a chat become a prompt. With B, E, U, A for BOS, EOS, <｜User｜>,
// <｜Assistant｜>:
//
//   v3   B{system}U{user}A{assistant}E … and to be answered: A
//   r1   the same … and to be answered: A<think> and a newline
//
// All system turns are joined by two newlines in front, wherever they stand. Of
// an assistant's turn only what follows its last </think> is kept.
#pragma once
#include "runtime/plan/ChatRecord.h"
#include "runtime/text/Tokenizer.h"

namespace ds::rt {

enum class Role : uint8_t { System, User, Assistant };

struct Message {
  Role role;
  std::string content;
};

class ChatRenderer {
public:
  /// Borrows the tokenizer. ChatFormatMissing for format None, ChatTokenMissing
  /// where the record lacks a token that its format writes.
  static Result<ChatRenderer> open(const Tokenizer &tokenizer,
                                   const ChatRecord &chat);

  /// What the checkpoint's template would print.
  std::string text(std::span<const Message> messages,
                   bool addGenerationPrompt) const;
  /// Ids, BOS included. Control tokens come from the format alone: no content
  /// becomes one, whatever it spells. PromptNotUTF8 for content.
  Result<std::vector<uint32_t>> ids(std::span<const Message> messages,
                                    bool addGenerationPrompt) const;

  /// Whether an answer begins inside the reasoning.
  bool answersReason() const { return chat_.format == ChatFormat::R1; }
  const ChatRecord &record() const { return chat_; }

private:
  struct Part {
    uint32_t control; // kNoToken for text
    std::string text;
  };
  ChatRenderer(const Tokenizer &tokenizer, const ChatRecord &chat)
      : tokenizer_(&tokenizer), chat_(chat) {}
  std::vector<Part> parts(std::span<const Message> messages,
                          bool addGenerationPrompt) const;

  const Tokenizer *tokenizer_;
  ChatRecord chat_;
};

} // namespace ds::rt
