// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A reader of one JSON value, as small as its use: strings and arrays of ids
// are kept, everything else is only stepped over. A member function returns
// false once the line is wrong; `wanted_` then says what was missing.
#include "tools/dsrun/BatchReader.h"
#include <charconv>
#include <optional>

namespace ds::dsrun {
namespace {

constexpr int kMaxDepth = 64;

class LineReader {
public:
  explicit LineReader(std::string_view line) : line_(line) {}

  bool read(std::optional<BatchPrompt> &prompt) {
    space();
    if (peek() == '"') {
      std::string text;
      if (!string(text))
        return false;
      prompt = std::move(text);
    } else if (!object(prompt))
      return false;
    space();
    return at_ == line_.size() || fail("the end of the line");
  }
  size_t byte() const { return at_; }
  const char *wanted() const { return wanted_; }

private:
  char peek() const { return at_ < line_.size() ? line_[at_] : '\0'; }
  bool fail(const char *wanted) {
    wanted_ = wanted;
    return false;
  }
  void space() {
    while (at_ < line_.size() &&
           std::string_view(" \t\r").find(line_[at_]) != std::string_view::npos)
      ++at_;
  }
  bool take(char c, const char *wanted) {
    space();
    if (peek() != c)
      return fail(wanted);
    ++at_;
    return true;
  }
  bool more() { // after an item: is there a comma?
    space();
    return peek() == ',' && ++at_;
  }

  bool object(std::optional<BatchPrompt> &prompt) {
    if (!take('{', "a string or an object"))
      return false;
    space();
    if (peek() == '}')
      return ++at_;
    do {
      std::string key;
      space();
      if (!string(key) || !take(':', "':'"))
        return false;
      space();
      std::string text;
      std::vector<uint32_t> ids;
      bool isText = key == "prompt" || key == "question";
      if (isText && !prompt) {
        if (!string(text))
          return false;
        prompt = std::move(text);
      } else if (key == "ids" && !prompt) {
        if (!idList(ids))
          return false;
        prompt = std::move(ids);
      } else if (!skip(0))
        return false;
    } while (more());
    return take('}', "',' or '}'");
  }

  bool idList(std::vector<uint32_t> &ids) {
    if (!take('[', "an array of token ids"))
      return false;
    do {
      space();
      const char *first = line_.data() + at_;
      auto [end, error] = std::from_chars(first, line_.data() + line_.size(),
                                          ids.emplace_back());
      if (error != std::errc())
        return fail("a token id");
      at_ += size_t(end - first);
    } while (more());
    return take(']', "',' or ']'");
  }

  bool hex4(uint32_t &unit) {
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
  bool unicode(std::string &out) {
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

  bool escape(std::string &out) {
    constexpr std::string_view from = "\"\\/bfnrt", to = "\"\\/\b\f\n\r\t";
    char c = peek();
    ++at_;
    if (c == 'u')
      return unicode(out);
    size_t i = from.find(c);
    if (i == from.npos)
      return fail("an escape of JSON");
    out += to[i];
    return true;
  }

  bool string(std::string &out) {
    if (peek() != '"')
      return fail("a string");
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

  bool skip(int depth) {
    space();
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
    space();
    if (peek() == close)
      return ++at_;
    do {
      space();
      if (open == '{' && !(string(unused) && take(':', "':'")))
        return false;
      if (!skip(depth + 1))
        return false;
    } while (more());
    return take(close, "',' or a closing bracket");
  }

  bool word() { // a number, true, false or null; not looked at closely
    size_t end = line_.find_first_of(",]} \t\r", at_);
    end = std::min(end, line_.size());
    if (end == at_)
      return fail("a value");
    at_ = end;
    return true;
  }

  std::string_view line_;
  size_t at_ = 0;
  const char *wanted_ = "";
};

} // namespace

Result<BatchPrompt> readBatchLine(std::string_view line,
                                  const std::string &file, size_t lineNumber) {
  LineReader reader(line);
  std::optional<BatchPrompt> prompt;
  bool isRead = reader.read(prompt);
  if (isRead && prompt)
    return std::move(*prompt);
  std::string where = std::to_string(lineNumber);
  if (!isRead)
    where += ":" + std::to_string(reader.byte() + 1);
  return Error{.code = ErrorCode::BatchLineInvalid,
               .file = file,
               .where = where,
               .subject = "line of the batch",
               .found = {},
               .expected = isRead ? "key \"prompt\", \"question\" or \"ids\""
                                  : reader.wanted(),
               .notes = {},
               .help = {}};
}

Result<std::vector<BatchPrompt>> readBatch(std::string_view text,
                                           const std::string &file) {
  std::vector<BatchPrompt> prompts;
  Status status;
  for (size_t number = 1; !text.empty(); ++number) {
    size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.find_first_not_of(" \t\r") == line.npos)
      continue;
    Result<BatchPrompt> prompt = readBatchLine(line, file, number);
    if (prompt)
      prompts.push_back(std::move(*prompt));
    else
      status.add(prompt.takeStatus());
  }
  if (!status)
    return status;
  return prompts;
}

} // namespace ds::dsrun
