// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Cuts text into the pieces that BPE works in: the pre-tokenizer of DeepSeek
// V3, R1 and V3.1. Three isolated splits, each on what the one before left,
// matches and the runs between them alike becoming pieces:
//
//   1. \p{N}{1,3}
//   2. [一-龥぀-ゟ゠-ヿ]+
//   3. [ASCII punctuation][A-Za-z]+
//      | [^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+
//      | ?[\p{P}\p{S}]+[\r\n]*
//      | \s*[\r\n]+
//      | \s+(?!\S)
//      | \s+
//
// Time is linear in the text; nothing is allocated and nothing recurs.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ds::rt {

class PreTokenizer {
public:
  /// `text` is valid UTF-8 and outlives this object.
  explicit PreTokenizer(std::string_view text) : text_(text) {}

  /// The next piece, never empty; false after the last. The pieces put
  /// together are the text.
  bool next(std::string_view &piece);

private:
  struct Char;
  Char charAt(size_t at) const;
  size_t spanEnd(size_t start) const;
  size_t matchEnd(size_t start) const;
  size_t wordEnd(size_t at) const;
  size_t spaceEnd(size_t start) const;

  std::string_view text_;
  size_t at_ = 0;
  size_t spanEnd_ = 0; // of the span that splits 1 and 2 left around at_
};

} // namespace ds::rt
