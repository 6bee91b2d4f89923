// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Text to ids and back, over the compiled tokenizer of a plan. Immutable after
// open(): any number of threads may share one.
#pragma once
#include "runtime/base/Status.h"
#include "runtime/text/BytePairEncoder.h"
#include "runtime/text/ControlMatcher.h"
#include <optional>
#include <span>

namespace ds::rt {

/// What encoding does with the spelling of a control token, such as "<think>".
enum class ControlTokens : uint8_t {
  Recognise, // it becomes that token
  PlainText, // it becomes ordinary text: no control id comes out, ever
};

class Tokenizer {
public:
  /// Checks every index of a TOKN section once; the bytes are borrowed and
  /// stay as they are. TokenizerSectionInvalid where they do not hold together.
  static Result<Tokenizer> open(std::span<const uint8_t> section);

  /// Ids of a text, without BOS. PromptNotUTF8 names the first wrong byte;
  /// PromptTooLarge from kMaxTextBytes on.
  Result<std::vector<uint32_t>> encode(std::string_view text,
                                       ControlTokens controls) const;
  /// The same, appended; nothing is appended on an error.
  Status encode(std::string_view text, ControlTokens controls,
                std::vector<uint32_t> &ids) const;

  /// The bytes of an id, which may be a part of a character; none for padding.
  std::string_view bytes(uint32_t id) const;
  /// The same where an answer is spelled: the tokens that begin and end a text
  /// have no bytes there.
  std::string_view spelling(uint32_t id) const {
    return id == header_.bos || id == header_.eos ? std::string_view()
                                                  : bytes(id);
  }
  /// All bytes together, with U+FFFD for what is not UTF-8.
  std::string decode(std::span<const uint32_t> ids) const;

  /// Ids from here on are padding and are never sampled.
  uint32_t realTokens() const { return uint32_t(tokens_.size()); }
  /// Begin and end of a text; absent where the checkpoint names none.
  std::optional<uint32_t> bos() const { return optional(header_.bos); }
  std::optional<uint32_t> eos() const { return optional(header_.eos); }
  /// Whether raw text is to begin with bos(); chat formats write their own.
  bool rawTextGetsBos() const { return header_.flags & kRawTextGetsBos; }
  /// The control token of this content.
  std::optional<uint32_t> control(std::string_view content) const;
  bool isControl(uint32_t id) const {
    return id < isControl_.size() && isControl_[id];
  }

  static constexpr size_t kMaxTextBytes = size_t(1) << 30;

private:
  static std::optional<uint32_t> optional(uint32_t id) {
    return id == kNoToken ? std::nullopt : std::optional(id);
  }
  Status check() const;
  Status checkText() const;
  Status checkIds() const;
  void encodePlain(std::string_view text, BytePairEncoder::Scratch &scratch,
                   std::vector<uint32_t> &ids) const;

  TokenizerHeader header_{};
  std::span<const uint32_t> byteTokens_;
  std::span<const TokenRecord> tokens_;
  std::span<const MergeRecord> merges_;
  std::span<const ControlRecord> controls_;
  std::string_view text_;
  BytePairEncoder encoder_;
  ControlMatcher matcher_;
  std::vector<bool> isControl_; // by id
};

} // namespace ds::rt
