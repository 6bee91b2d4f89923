// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A reader of one line of JSON, as small as its use: front to back, nothing
// kept. A member function returns false once the line is wrong; wanted() then
// says what was missing, and byte() where.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace ds::dsrun {

class JsonReader {
public:
  explicit JsonReader(std::string_view line) : line_(line) {}

  size_t byte() const { return at_; }
  const char *wanted() const { return wanted_; }
  bool fail(const char *wanted) {
    wanted_ = wanted;
    return false;
  }
  /// The same, at an earlier byte.
  bool failAt(size_t byte, const char *wanted) {
    at_ = byte;
    return fail(wanted);
  }

  /// The next character that is no white space; 0 at the end.
  char peek();
  bool take(char c, const char *wanted);
  /// Steps over `null` where it is next.
  bool takeNull();
  bool end() {
    peek();
    return at_ == line_.size() || fail("the end of the line");
  }

  /// Replaces `out`.
  bool string(std::string &out);
  bool number(uint32_t &out, const char *wanted);
  /// Steps over a value of any kind.
  bool skip() { return skip(0); }

  /// Reads an object: `member(key)` reads the value of each key.
  template <class Member>
  bool object(const char *wanted, Member member) {
    if (!take('{', wanted))
      return false;
    if (peek() == '}')
      return ++at_;
    do {
      std::string key;
      if (!string(key) || !take(':', "':'") || !member(key))
        return false;
    } while (more());
    return take('}', "',' or '}'");
  }

  /// Reads an array that is not empty: `item()` reads each item.
  template <class Item>
  bool array(const char *wanted, Item item) {
    if (!take('[', wanted))
      return false;
    do
      if (!item())
        return false;
    while (more());
    return take(']', "',' or ']'");
  }

private:
  bool more() { return peek() == ',' && ++at_; } // after an item: a comma?
  bool skip(int depth);
  bool word();
  bool escape(std::string &out);
  bool unicode(std::string &out);
  bool hex4(uint32_t &unit);

  std::string_view line_;
  size_t at_ = 0;
  const char *wanted_ = "";
};

} // namespace ds::dsrun
