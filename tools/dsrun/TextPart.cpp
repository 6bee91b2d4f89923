// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/dsrun/TextPart.h"
#include <algorithm>
#include <cstring>

namespace ds::dsrun {

Result<std::unique_ptr<TextPart>> TextPart::open(const rt::PlanView &plan,
                                                 bool raw) {
  if (plan.tokenizer.empty())
    return Error{.code = ErrorCode::TextPartAbsent,
                 .subject = "the plan has no tokenizer",
                 .help = "give token ids with --ids"};
  DS_ASSIGN(rt::Tokenizer tokenizer, rt::Tokenizer::open(plan.tokenizer));
  std::unique_ptr<TextPart> part(new TextPart(std::move(tokenizer)));
  if (raw)
    return part;
  rt::ChatRecord record{};
  if (plan.chat.size() >= sizeof(record))
    std::memcpy(&record, plan.chat.data(), sizeof(record));
  Result<rt::ChatRenderer> chat =
      rt::ChatRenderer::open(part->tokenizer_, record);
  if (!chat)
    return chat.takeStatus();
  part->chat_ = std::move(*chat);
  return part;
}

Result<std::vector<uint32_t>>
TextPart::prompt(const std::string &text, const std::string *system) const {
  if (chat_) {
    std::vector<rt::Message> messages;
    if (system)
      messages.push_back({rt::Role::System, *system});
    messages.push_back({rt::Role::User, text});
    return conversation(messages);
  }
  std::vector<uint32_t> ids;
  if (tokenizer_.rawTextGetsBos() && tokenizer_.bos())
    ids.push_back(*tokenizer_.bos());
  DS_TRY(tokenizer_.encode(text, rt::ControlTokens::PlainText, ids));
  return ids;
}

Result<std::vector<uint32_t>>
TextPart::conversation(std::span<const rt::Message> messages) const {
  return chat_->ids(messages, true);
}

bool TextPart::answersReason(std::span<const uint32_t> prompt) const {
  // The format alone writes this token, and only where an answer is to begin.
  return answersReason() &&
         std::ranges::find(prompt, chat_->record().think) != prompt.end();
}

Status TextPart::setStops(const std::vector<std::string> &texts) {
  if (texts.empty())
    return {};
  DS_ASSIGN(stops_, rt::StopStrings::create(tokenizer_, texts));
  return {};
}

AnswerDecoder::Parts AnswerDecoder::push(uint32_t token) {
  std::string bytes, text;
  filter_.push(tokenizer_->spelling(token), bytes);
  decoder_.push(bytes, text);
  return splitter_.push(text);
}

AnswerDecoder::Parts AnswerDecoder::finish() {
  std::string bytes, text;
  filter_.finish(bytes);
  decoder_.push(bytes, text);
  decoder_.finish(text);
  Parts parts = splitter_.push(text), rest = splitter_.finish();
  parts.reasoning += rest.reasoning;
  parts.content += rest.content;
  return parts;
}

void Answer::append(const AnswerDecoder::Parts &parts) {
  reasoning += parts.reasoning;
  closed |= parts.closed;
  content += parts.content;
}

std::string Answer::text() const {
  return reasoning + (closed ? "</think>" : "") + content;
}

Answer decoded(const TextPart &text, std::span<const uint32_t> prompt,
               std::span<const uint32_t> tokens) {
  AnswerDecoder decoder(text, text.answersReason(prompt));
  Answer answer;
  for (uint32_t token : tokens)
    answer.append(decoder.push(token));
  answer.append(decoder.finish());
  return answer;
}

} // namespace ds::dsrun
