// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/text/Tokenizer.h"
#include "runtime/text/PreTokenizer.h"
#include "runtime/text/StreamDecoder.h"
#include "runtime/text/Utf8.h"

namespace ds::rt {

Status Tokenizer::encode(std::string_view text, ControlTokens controls,
                         std::vector<uint32_t> &ids) const {
  if (text.size() >= kMaxTextBytes)
    return Error{.code = ErrorCode::PromptTooLarge,
                 .subject = "prompt",
                 .found = std::to_string(text.size()) + " bytes",
                 .expected = "below " + std::to_string(kMaxTextBytes)};
  if (size_t at = findInvalidUtf8(text); at != text.npos)
    return Error{.code = ErrorCode::PromptNotUTF8,
                 .subject =
                     "prompt: invalid UTF-8 at byte " + std::to_string(at)};

  BytePairEncoder::Scratch scratch;
  if (controls == ControlTokens::PlainText) {
    encodePlain(text, scratch, ids);
    return Status::ok();
  }
  // Two passes, as the checkpoint's own tokenizer does: what one pass found is
  // out of reach of the next.
  for (size_t start = 0; start < text.size();) {
    auto outer = matcher_.find(text, start, false);
    std::string_view left = text.substr(0, outer.start);
    while (start < left.size()) {
      auto inner = matcher_.find(left, start, true);
      encodePlain(left.substr(start, inner.start - start), scratch, ids);
      start = inner.start;
      if (inner.control) {
        ids.push_back(inner.control->id);
        start += inner.control->length;
      }
    }
    if (outer.control) {
      ids.push_back(outer.control->id);
      start += outer.control->length;
    }
  }
  return Status::ok();
}

Result<std::vector<uint32_t>> Tokenizer::encode(std::string_view text,
                                                ControlTokens controls) const {
  std::vector<uint32_t> ids;
  DS_TRY(encode(text, controls, ids));
  return ids;
}

void Tokenizer::encodePlain(std::string_view text,
                            BytePairEncoder::Scratch &scratch,
                            std::vector<uint32_t> &ids) const {
  PreTokenizer pieces(text);
  for (std::string_view piece; pieces.next(piece);)
    encoder_.encode(piece, scratch, ids);
}

std::string_view Tokenizer::bytes(uint32_t id) const {
  if (id >= tokens_.size())
    return {};
  return text_.substr(tokens_[id].offset, tokens_[id].length);
}

std::string Tokenizer::decode(std::span<const uint32_t> ids) const {
  std::string text;
  StreamDecoder decoder;
  for (uint32_t id : ids)
    decoder.push(bytes(id), text);
  decoder.finish(text);
  return text;
}

std::optional<uint32_t> Tokenizer::control(std::string_view content) const {
  const ControlRecord *record = matcher_.named(content);
  return record ? std::optional(record->id) : std::nullopt;
}

} // namespace ds::rt
