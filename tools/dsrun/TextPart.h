// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The text part of a plan: prompts become ids, new ids become an answer.
#pragma once
#include "runtime/plan/PlanView.h"
#include "runtime/text/ChatFormat.h"
#include "runtime/text/ReasoningSplitter.h"
#include "runtime/text/StopStrings.h"
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
  /// Whether the answer to a turn begins inside the reasoning.
  bool answersReason() const { return chat_ && chat_->answersReason(); }
  /// Whether the answer to this prompt does; after outputs of tools it does
  /// not.
  bool answersReason(std::span<const uint32_t> prompt) const;

  /// Texts that end every answer. SamplingOption (2).
  Status setStops(const std::vector<std::string> &texts);
  /// Null where there are none.
  const rt::StopStrings *stops() const { return stops_ ? &*stops_ : nullptr; }

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
  std::optional<rt::StopStrings> stops_;
};

/// New ids, one by one, as the parts of an answer. The tokens that begin and
/// end a text have no spelling here; a stop string and what follows it are left
/// out.
class AnswerDecoder {
public:
  using Parts = rt::ReasoningSplitter::Parts;
  AnswerDecoder(const TextPart &text, bool reasons)
      : tokenizer_(&text.tokenizer()), filter_(text.stops()),
        splitter_(reasons) {}
  Parts push(uint32_t token);
  /// What waited for more.
  Parts finish();

private:
  const rt::Tokenizer *tokenizer_;
  rt::StopFilter filter_;
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

/// The answer that `tokens` give to `prompt`.
Answer decoded(const TextPart &text, std::span<const uint32_t> prompt,
               std::span<const uint32_t> tokens);

} // namespace ds::dsrun
