// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The text part of a plan: prompts become ids, new ids become an answer.
#pragma once
#include "runtime/plan/PlanView.h"
#include "runtime/text/ChatFormat.h"
#include "runtime/text/ReasoningSplitter.h"
#include "runtime/text/StreamDecoder.h"
#include "runtime/text/Tokenizer.h"
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace ds::dsrun {

class TextPart {
public:
  /// `raw`: prompts are plain text and no chat format is needed. Errors:
  /// TextPartAbsent, ChatFormatMissing (4).
  static Result<std::unique_ptr<TextPart>> open(const rt::PlanView &plan,
                                                bool raw);

  const rt::Tokenizer &tokenizer() const { return tokenizer_; }
  /// Whether an answer begins inside the reasoning.
  bool answersReason() const { return chat_ && chat_->answersReason(); }

  /// A prompt of one user turn after `system`, or the plain text.
  Result<std::vector<uint32_t>> prompt(const std::string &text,
                                       const std::string *system) const;
  /// A prompt that asks for the next answer.
  Result<std::vector<uint32_t>>
  conversation(std::span<const rt::Message> messages) const;

private:
  explicit TextPart(rt::Tokenizer tokenizer)
      : tokenizer_(std::move(tokenizer)) {}
  rt::Tokenizer tokenizer_;
  std::optional<rt::ChatRenderer> chat_; // absent: plain text
};

/// New ids, one by one, as the parts of an answer. The tokens that begin and
/// end a text have no spelling here.
class AnswerDecoder {
public:
  using Parts = rt::ReasoningSplitter::Parts;
  explicit AnswerDecoder(const TextPart &text)
      : tokenizer_(&text.tokenizer()), splitter_(text.answersReason()) {}
  Parts push(uint32_t token);
  /// What waited for more.
  Parts finish();

private:
  const rt::Tokenizer *tokenizer_;
  rt::StreamDecoder decoder_;
  rt::ReasoningSplitter splitter_;
};

/// An answer in full.
struct Answer {
  std::string reasoning, content;
  bool closed = false; // the reasoning ended with </think>

  void append(const AnswerDecoder::Parts &parts);
  /// As the model wrote it.
  std::string text() const;
};

Answer decoded(const TextPart &text, std::span<const uint32_t> tokens);

} // namespace ds::dsrun
