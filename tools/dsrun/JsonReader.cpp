// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/dsrun/JsonReader.h"
#include <algorithm>
#include <charconv>

namespace ds::dsrun {
namespace {
constexpr int kMaxDepth = 64;
}

char JsonReader::peek() {
  while (at_ < line_.size() &&
         std::string_view(" \t\r").find(line_[at_]) != std::string_view::npos)
    ++at_;
  return at_ < line_.size() ? line_[at_] : '\0';
}

bool JsonReader::take(char c, const char *wanted) {
  if (peek() != c)
    return fail(wanted);
  ++at_;
  return true;
}

bool JsonReader::takeNull() {
  if (peek() != 'n' || !line_.substr(at_).starts_with("null"))
    return false;
  at_ += 4;
  return true;
}

bool JsonReader::number(uint32_t &out, const char *wanted) {
  peek();
  const char *first = line_.data() + at_;
  auto [end, error] = std::from_chars(first, line_.data() + line_.size(), out);
  if (error != std::errc())
    return fail(wanted);
  at_ += size_t(end - first);
  return true;
}

bool JsonReader::hex4(uint32_t &unit) {
  if (line_.size() - at_ < 4)
    return fail("four hexadecimal digits");
  const char *first = line_.data() + at_;
  auto [end, error] = std::from_chars(first, first + 4, unit, 16);
  if (error != std::errc() || end != first + 4)
    return fail("four hexadecimal digits");
  at_ += 4;
  return true;
}

/// After "\u": one character, from two units where it needs them.
bool JsonReader::unicode(std::string &out) {
  uint32_t c = 0, low = 0;
  if (!hex4(c))
    return false;
  if (c >= 0xDC00 && c < 0xE000)
    return fail("a high surrogate");
  if (c >= 0xD800 && c < 0xDC00) {
    if (!line_.substr(at_).starts_with("\\u"))
      return fail("a low surrogate");
    at_ += 2;
    if (!hex4(low))
      return false;
    if (low < 0xDC00 || low >= 0xE000)
      return fail("a low surrogate");
    c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
  }
  if (c < 0x80) {
    out += char(c);
    return true;
  }
  int tails = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
  constexpr uint8_t leads[] = {0, 0xC0, 0xE0, 0xF0};
  out += char(leads[tails] | (c >> (6 * tails)));
  while (tails-- > 0)
    out += char(0x80 | ((c >> (6 * tails)) & 0x3F));
  return true;
}

bool JsonReader::escape(std::string &out) {
  constexpr std::string_view from = "\"\\/bfnrt", to = "\"\\/\b\f\n\r\t";
  char c = at_ < line_.size() ? line_[at_] : '\0';
  ++at_;
  if (c == 'u')
    return unicode(out);
  size_t i = from.find(c);
  if (i == from.npos)
    return fail("an escape of JSON");
  out += to[i];
  return true;
}

bool JsonReader::string(std::string &out) {
  if (peek() != '"')
    return fail("a string");
  out.clear();
  for (++at_; at_ < line_.size();) {
    char c = line_[at_++];
    if (c == '"')
      return true;
    if (uint8_t(c) < 0x20)
      return fail("no bare control character");
    if (c != '\\')
      out += c;
    else if (!escape(out))
      return false;
  }
  return fail("the end of a string");
}

bool JsonReader::skip(int depth) {
  std::string unused;
  char open = peek();
  if (open == '"')
    return string(unused);
  if (open != '{' && open != '[')
    return word();
  if (depth == kMaxDepth)
    return fail("less nesting");
  ++at_;
  char close = open == '{' ? '}' : ']';
  if (peek() == close)
    return ++at_;
  do {
    if (open == '{' && !(string(unused) && take(':', "':'")))
      return false;
    if (!skip(depth + 1))
      return false;
  } while (more());
  return take(close, "',' or a closing bracket");
}

/// A number, true, false or null; not looked at closely.
bool JsonReader::word() {
  size_t end = line_.find_first_of(",]} \t\r", at_);
  end = std::min(end, line_.size());
  if (end == at_)
    return fail("a value");
  at_ = end;
  return true;
}

} // namespace ds::dsrun
