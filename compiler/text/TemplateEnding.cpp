// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/text/TemplateEnding.h"
#include <algorithm>
#include <vector>

namespace ds {
namespace {

enum class SegmentKind { Text, Output, Block }; // plain, {{ … }}, {% … %}

struct Segment {
  SegmentKind kind;
  std::string_view body;
};

constexpr std::string_view kSpace = " \t\r\n";

std::string_view trimmed(std::string_view text) {
  size_t start = text.find_first_not_of(kSpace);
  if (start == text.npos)
    return {};
  return text.substr(start, text.find_last_not_of(kSpace) - start + 1);
}

/// Offset just behind a quoted literal that starts at `at`; npos if it is open.
size_t literalEnd(std::string_view text, size_t at) {
  for (size_t end = at + 1; end < text.size(); ++end) {
    if (text[end] == '\\')
      ++end;
    else if (text[end] == text[at])
      return end + 1;
  }
  return text.npos;
}

bool isQuote(char c) { return c == '\'' || c == '"'; }

bool isWordChar(char c) {
  return c == '_' || (c >= '0' && c <= '9') ||
         ((c | 32) >= 'a' && (c | 32) <= 'z');
}

/// Offset of `close` at or behind `at`, outside quoted literals; npos if none.
size_t tagEnd(std::string_view text, size_t at, std::string_view close) {
  while (at < text.size() && text.substr(at, close.size()) != close) {
    at = isQuote(text[at]) ? literalEnd(text, at) : at + 1;
    if (at == text.npos)
      return at;
  }
  return at < text.size() ? at : text.npos;
}

/// Offset of the next "{{", "{%" or "{#"; the text's size if there is none.
size_t tagStart(std::string_view text, size_t at) {
  for (; at + 1 < text.size(); ++at)
    if (text[at] == '{' &&
        (text[at + 1] == '{' || text[at + 1] == '%' || text[at + 1] == '#'))
      return at;
  return text.size();
}

/// Plain text between two tags as it is printed: '-' of a tag eats white space;
/// otherwise a block eats one newline behind it (trim_blocks) and blanks before
/// it on its line (lstrip_blocks).
std::string_view printed(std::string_view text, bool afterBlock, bool afterDash,
                         bool beforeBlock, bool beforeDash) {
  if (afterDash)
    text.remove_prefix(std::min(text.find_first_not_of(kSpace), text.size()));
  else if (afterBlock && text.starts_with('\n'))
    text.remove_prefix(1);
  if (beforeDash)
    return text.substr(0, text.find_last_not_of(kSpace) + 1);
  size_t line = text.find_last_not_of(" \t");
  bool startsLine = line == text.npos ? afterBlock : text[line] == '\n';
  return beforeBlock && startsLine ? text.substr(0, line + 1) : text;
}

/// Cuts a template at its tags; nullopt where one does not end.
std::optional<std::vector<Segment>> segmentsOf(std::string_view text) {
  std::vector<Segment> segments;
  bool afterBlock = false, afterDash = false;
  for (size_t at = 0;;) {
    size_t open = tagStart(text, at);
    bool isEnd = open == text.size();
    char mark = isEnd ? '\0' : text[open + 1];
    bool dash = !isEnd && text.substr(open + 2, 1) == "-";
    segments.push_back({SegmentKind::Text,
                        printed(text.substr(at, open - at), afterBlock,
                                afterDash, mark == '%' || mark == '#', dash)});
    if (isEnd)
      return segments;
    std::string_view close = mark == '{' ? "}}" : mark == '%' ? "%}" : "#}";
    size_t end = mark == '#' ? text.find(close, open + 2)
                             : tagEnd(text, open + 2, close);
    if (end == text.npos)
      return std::nullopt;
    std::string_view body = text.substr(open + 2, end - open - 2);
    afterBlock = mark != '{';
    afterDash = body.ends_with('-');
    if (dash)
      body.remove_prefix(1);
    if (afterDash && !body.empty())
      body.remove_suffix(1);
    if (mark != '#')
      segments.push_back(
          {mark == '{' ? SegmentKind::Output : SegmentKind::Block,
           trimmed(body)});
    at = end + 2;
  }
}

/// Whether an expression has this identifier, outside quoted literals.
bool names(std::string_view body, std::string_view identifier) {
  for (size_t at = 0; at < body.size();) {
    if (isQuote(body[at])) {
      at = literalEnd(body, at);
      continue;
    }
    size_t end = at;
    while (end < body.size() && isWordChar(body[end]))
      ++end;
    if (body.substr(at, end - at) == identifier)
      return true;
    at = std::max(end, at + 1);
  }
  return false;
}

std::string_view keyword(const Segment &segment) {
  if (segment.kind != SegmentKind::Block)
    return {};
  size_t end = 0;
  while (end < segment.body.size() && isWordChar(segment.body[end]))
    ++end;
  return segment.body.substr(0, end);
}

/// The value of `'…' + '…'`; nullopt for any other expression.
std::optional<std::string> literal(std::string_view expression) {
  std::string value;
  for (;;) {
    if (expression.empty() || !isQuote(expression[0]))
      return std::nullopt;
    size_t end = literalEnd(expression, 0);
    if (end == expression.npos)
      return std::nullopt;
    for (size_t at = 1; at + 1 < end; ++at) {
      char c = expression[at];
      if (c == '\\') {
        c = expression[++at];
        c = c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c;
      }
      value += c;
    }
    expression = trimmed(expression.substr(end));
    if (expression.empty())
      return value;
    if (expression[0] != '+')
      return std::nullopt;
    expression = trimmed(expression.substr(1));
  }
}

} // namespace

std::optional<std::string> templateEnding(std::string_view text) {
  auto segments = segmentsOf(text);
  if (!segments)
    return std::nullopt;
  size_t start = segments->size();
  for (size_t i = 0; i < segments->size(); ++i) {
    const Segment &segment = (*segments)[i];
    if (segment.kind == SegmentKind::Text)
      continue;
    if (names(segment.body, "thinking"))
      return std::nullopt;
    if (keyword(segment) == "if" &&
        names(segment.body, "add_generation_prompt"))
      start = i + 1;
  }
  std::string ending;
  for (size_t i = start; i < segments->size(); ++i) {
    const Segment &segment = (*segments)[i];
    if (keyword(segment) == "endif") {
      for (++i; i < segments->size(); ++i)
        if ((*segments)[i].kind != SegmentKind::Text ||
            !trimmed((*segments)[i].body).empty())
          return std::nullopt;
      return ending;
    }
    if (segment.kind == SegmentKind::Block)
      return std::nullopt;
    auto value = segment.kind == SegmentKind::Text
                     ? std::optional(std::string(segment.body))
                     : literal(segment.body);
    if (!value)
      return std::nullopt;
    ending += *value;
  }
  return std::nullopt;
}

} // namespace ds
