// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/text/PreTokenizer.h"
#include "runtime/text/CharClass.h"
#include "runtime/text/Utf8.h"

namespace ds::rt {
namespace {

bool isKanaOrIdeograph(uint32_t c) {
  return (c >= 0x4e00 && c <= 0x9fa5) || (c >= 0x3040 && c <= 0x30ff);
}

bool isNewline(uint32_t c) { return c == '\r' || c == '\n'; }

bool isASCIILetter(uint32_t c) { return (c | 32) >= 'a' && (c | 32) <= 'z'; }

bool isWord(CharClass k) {
  return k == CharClass::Letter || k == CharClass::Mark;
}

bool isSign(CharClass k) {
  return k == CharClass::Punctuation || k == CharClass::Symbol;
}

} // namespace

/// A character and where it ends; at the end of the span, a class that no
/// pattern takes and no code point.
struct PreTokenizer::Char {
  uint32_t codePoint;
  CharClass kind;
  size_t end;
};

PreTokenizer::Char PreTokenizer::charAt(size_t at) const {
  if (at >= spanEnd_)
    return {0xffffffff, CharClass::Other, at};
  Utf8Char next = firstUtf8(text_.substr(at));
  return {next.codePoint, charClass(next.codePoint), at + next.length};
}

/// Splits 1 and 2: up to three numbers, a run of kana and ideographs, or a run
/// of everything else. `spanEnd_` is the end of the text meanwhile.
size_t PreTokenizer::spanEnd(size_t start) const {
  enum Kind { Number, Ideograph, Rest };
  auto kindOf = [](const Char &c) {
    return c.kind == CharClass::Number      ? Number
           : isKanaOrIdeograph(c.codePoint) ? Ideograph
                                            : Rest;
  };
  Char c = charAt(start);
  Kind kind = kindOf(c);
  size_t end = c.end;
  for (int count = 1; end < text_.size(); ++count) {
    c = charAt(end);
    if (kindOf(c) != kind || (kind == Number && count == 3))
      break;
    end = c.end;
  }
  return end;
}

size_t PreTokenizer::wordEnd(size_t at) const {
  for (Char c = charAt(at); isWord(c.kind); c = charAt(at))
    at = c.end;
  return at;
}

/// The last three alternatives, at white space: through the last newline of
/// the run; or all of it at the end of the span; or all but its last
/// character, which may then join what follows; or the only one.
size_t PreTokenizer::spaceEnd(size_t start) const {
  size_t end = start, last = start, afterNewline = start;
  for (Char c = charAt(start); c.kind == CharClass::Space; c = charAt(end)) {
    last = end;
    end = c.end;
    if (isNewline(c.codePoint))
      afterNewline = end;
  }
  if (afterNewline != start)
    return afterNewline;
  return end == spanEnd_ || last == start ? end : last;
}

/// Split 3: the end of the match that starts at `start`, or `start` where
/// there is none. The alternatives are tried in the order of the pattern.
size_t PreTokenizer::matchEnd(size_t start) const {
  Char first = charAt(start);
  Char second = charAt(first.end);
  if (first.codePoint < 0x80 && isSign(first.kind) &&
      isASCIILetter(second.codePoint)) {
    size_t end = second.end;
    while (end < spanEnd_ && isASCIILetter(uint8_t(text_[end])))
      ++end;
    return end;
  }
  bool leadsWord = !isNewline(first.codePoint) && !isSign(first.kind);
  if (isWord(first.kind) || (leadsWord && isWord(second.kind)))
    return wordEnd(first.end);
  if (isSign(first.kind) || (first.codePoint == ' ' && isSign(second.kind))) {
    size_t end = first.end;
    Char c = charAt(end);
    for (; isSign(c.kind); c = charAt(end))
      end = c.end;
    for (; isNewline(c.codePoint); c = charAt(end))
      end = c.end;
    return end;
  }
  return first.kind == CharClass::Space ? spaceEnd(start) : start;
}

bool PreTokenizer::next(std::string_view &piece) {
  if (at_ == text_.size())
    return false;
  if (at_ == spanEnd_) {
    spanEnd_ = text_.size();
    spanEnd_ = spanEnd(at_);
  }
  // A run without a match is a piece: it ends where a match starts.
  size_t end = matchEnd(at_);
  if (end == at_)
    do
      end = charAt(end).end;
    while (end != spanEnd_ && matchEnd(end) == end);
  piece = text_.substr(at_, end - at_);
  at_ = end;
  return true;
}

} // namespace ds::rt
