// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/text/StreamDecoder.h"
#include "runtime/text/Utf8.h"
#include <gtest/gtest.h>

namespace ds::rt {
namespace {

std::string streamed(std::string_view bytes, size_t step) {
  StreamDecoder decoder;
  std::string out;
  for (size_t at = 0; at < bytes.size(); at += step) {
    decoder.push(bytes.substr(at, step), out);
    EXPECT_EQ(findInvalidUtf8(out), std::string_view::npos);
  }
  decoder.finish(out);
  return out;
}

// However the bytes of a text are cut, the same text comes out, and no output
// ends inside a character.
TEST(StreamDecoder, never_splits_a_character) {
  std::string text = "aé你🙂𝄞 b\xC2\xA0漢字";
  for (size_t step = 1; step <= text.size(); ++step)
    EXPECT_EQ(streamed(text, step), text);
}

// Each longest start of a character that goes wrong becomes one U+FFFD, cut in
// any way.
TEST(StreamDecoder, replaces_what_is_not_utf8) {
  struct Case {
    std::string_view bytes, text;
  } cases[] = {{"a\x80z", "a�z"},
               {"\xE4\xBDz", "�z"},
               {"\xF0\x9F\x99\xE4\xBD\xA0", "�你"},
               {"\xC0\xAF", "��"},
               {"\xED\xA0\x80", "���"},
               {"\xF4\x90\x80\x80", "����"},
               {"\xE4\xBD", "�"},
               {"\xF0\x9F\x99\xF0\x9F\x99\x82", "�🙂"},
               {"\xFF\xFE", "��"}};
  for (const Case &c : cases)
    for (size_t step = 1; step <= c.bytes.size(); ++step)
      EXPECT_EQ(streamed(c.bytes, step), c.text);
}

// A complete character is given out at once: nothing is held back needlessly.
TEST(StreamDecoder, gives_out_complete_characters_at_once) {
  StreamDecoder decoder;
  std::string out;
  decoder.push("a\xE4\xBD", out);
  EXPECT_EQ(out, "a");
  decoder.push("\xA0", out);
  EXPECT_EQ(out, "a你");
}

} // namespace
} // namespace ds::rt
