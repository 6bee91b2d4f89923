// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Section CHAT: how turns become ids. One record, little-endian. The ids are
// those of the plan's own tokenizer, whatever the format, so that a user can
// force another format; kNoToken (TokenizerRecords.h) where it has none.
#pragma once
#include <cstdint>
#include <iterator>
#include <optional>
#include <string_view>

namespace ds::rt {

enum class ChatFormat : uint32_t {
  None = 0, // unknown template, or no template
  V3 = 1,   // a prompt ends with <｜Assistant｜>
  R1 = 2,   // a prompt ends with <｜Assistant｜><think> and a newline
};

struct ChatRecord {
  ChatFormat format;
  uint32_t bos, eos;
  uint32_t user, assistant; // <｜User｜>, <｜Assistant｜>
  uint32_t think, thinkEnd; // <think>, </think>
  uint32_t reserved;        // 0
};
static_assert(sizeof(ChatRecord) == 32);

/// Names and values of the record, for dumps.
template <class Visit>
void visitFields(const ChatRecord &chat, Visit visit) {
  visit("format", uint32_t(chat.format));
  visit("bos", chat.bos);
  visit("eos", chat.eos);
  visit("user", chat.user);
  visit("assistant", chat.assistant);
  visit("think", chat.think);
  visit("think_end", chat.thinkEnd);
}

/// The names by which users choose a format, in the order of the enumeration.
constexpr std::string_view kChatFormatNames[] = {"none", "v3", "r1"};

/// "unknown" for a number that is no format.
constexpr std::string_view chatFormatName(ChatFormat format) {
  return uint32_t(format) < std::size(kChatFormatNames)
             ? kChatFormatNames[uint32_t(format)]
             : "unknown";
}

constexpr std::optional<ChatFormat> chatFormatOf(std::string_view name) {
  for (uint32_t i = 0; i < std::size(kChatFormatNames); ++i)
    if (kChatFormatNames[i] == name)
      return ChatFormat(i);
  return std::nullopt;
}

} // namespace ds::rt
