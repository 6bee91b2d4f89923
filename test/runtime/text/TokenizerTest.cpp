// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/runtime/text/V3Tokenizer.h"
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <gtest/gtest.h>

namespace ds::rt {
namespace {

using Ids = std::vector<uint32_t>;

Ids encoded(std::string_view text, ControlTokens controls) {
  auto ids = v3Tokenizer().encode(text, controls);
  EXPECT_TRUE(ids);
  return ids ? std::move(*ids) : Ids();
}

/// Of the processor, so that other programs do not count.
double secondsOf(const std::function<void()> &work) {
  std::clock_t start = std::clock();
  work();
  return double(std::clock() - start) / CLOCKS_PER_SEC;
}

std::string repeated(std::string_view text, size_t bytes) {
  std::string out;
  while (out.size() < bytes)
    out += text;
  return out;
}

/// Letters in no order, so that pairs of many ranks wait at once.
std::string shuffledLetters(size_t bytes) {
  std::string out;
  uint32_t state = 1;
  for (; out.size() < bytes; state = state * 1664525 + 1013904223)
    out += char('a' + (state >> 24) % 26);
  return out;
}

// Every text has the ids, and every list of ids the text, that Hugging Face's
// tokenizers give.
TEST(Tokenizer, equals_the_reference_on_all_vectors) {
  size_t count =
      forEachLine("deepseek-v3/vectors.jsonl", [](const nlohmann::json &line) {
        std::string text = line["text"];
        Ids ids = line["ids"];
        EXPECT_EQ(encoded(text, ControlTokens::Recognise), ids) << text;
        EXPECT_EQ(v3Tokenizer().decode(ids),
                  line["decoded"].get<std::string>());
      });
  EXPECT_EQ(count, 1200u);
}

// A control token's spelling is that token where it is looked for.
TEST(Tokenizer, recognises_control_tokens_when_asked) {
  EXPECT_EQ(
      encoded("<｜User｜>Hi<｜Assistant｜><think>", ControlTokens::Recognise),
      (Ids{128803, 23166, 128804, 128798}));
}

// As plain text no spelling of any control token gives a control id, and the
// text comes back whole.
TEST(Tokenizer, plain_text_never_becomes_a_control_token) {
  const Tokenizer &tokenizer = v3Tokenizer();
  uint32_t numControls = 0;
  for (uint32_t id = 0; id < tokenizer.realTokens(); ++id) {
    if (!tokenizer.isControl(id))
      continue;
    ++numControls;
    std::string text = "a" + std::string(tokenizer.bytes(id)) + "b";
    Ids ids = encoded(text, ControlTokens::PlainText);
    EXPECT_TRUE(std::ranges::none_of(ids, [&](uint32_t i) {
      return tokenizer.isControl(i);
    })) << text;
    EXPECT_EQ(tokenizer.decode(ids), text);
  }
  EXPECT_EQ(numControls, 818u);
}

// The start of a control token is plain text, at the end of the text as well.
TEST(Tokenizer, half_a_control_token_is_plain_text) {
  for (std::string_view text : {"<", "<thin", "<think", "<｜User", "</thinkk>"})
    EXPECT_EQ(encoded(text, ControlTokens::Recognise),
              encoded(text, ControlTokens::PlainText));
}

TEST(Tokenizer, counts_real_tokens_and_names_bos_and_eos) {
  EXPECT_EQ(v3Tokenizer().realTokens(), 128815u);
  EXPECT_EQ(v3Tokenizer().bos(), 0u);
  EXPECT_EQ(v3Tokenizer().eos(), 1u);
  EXPECT_FALSE(v3Tokenizer().rawTextGetsBos());
  EXPECT_EQ(v3Tokenizer().control("</think>"), 128799u);
  EXPECT_EQ(v3Tokenizer().control("think"), std::nullopt);
  EXPECT_TRUE(v3Tokenizer().bytes(128815).empty());
}

// A prompt that is not UTF-8 is refused with the first wrong byte's place:
// stray continuation, overlong form, surrogate, cut character.
TEST(Tokenizer, names_the_first_byte_that_is_not_utf8) {
  for (std::string_view bad :
       {"\x80", "\xC0\xAF", "\xED\xA0\x80", "\xF5\x80\x80\x80", "\xE4\xB8"}) {
    auto ids =
        v3Tokenizer().encode("né" + std::string(bad), ControlTokens::Recognise);
    ASSERT_FALSE(ids);
    Status status = ids.takeStatus();
    EXPECT_EQ(status.errors()[0].code, ErrorCode::PromptNotUTF8);
    EXPECT_NE(status.errors()[0].message().find("byte 3"), std::string::npos);
  }
}

// NUL is a character like another.
TEST(Tokenizer, keeps_zero_bytes) {
  std::string text("a\0b\0\0", 5);
  EXPECT_EQ(v3Tokenizer().decode(encoded(text, ControlTokens::Recognise)),
            text);
}

struct TimedText {
  const char *name;
  std::string text;
};

// Five megabytes of prose, and what could be quadratic: megabytes in one piece,
// starts of control tokens, nothing but one kind of character. 2 seconds is the
// bound; the test fails at three times that.
TEST(Tokenizer, takes_linear_time_on_hostile_texts) {
  constexpr size_t mega = 1000000;
  const TimedText texts[] = {
      {"prose", repeated("The plan speaks, 42 times. ", 5 * mega)},
      {"one_letter", repeated("a", mega)},
      {"two_letters", repeated("ab", mega)},
      {"letters", shuffledLetters(5 * mega)},
      {"newlines", repeated("\n", 5 * mega)},
      {"spaces", repeated(" ", 5 * mega)},
      {"digits", repeated("7", 5 * mega)},
      {"signs", repeated("-", 5 * mega)},
      {"cjk", repeated("你好吗", 5 * mega)},
      {"one_ideograph", repeated("你", 5 * mega)},
      {"control_starts", repeated("<｜", 5 * mega)}};
  v3Tokenizer();
  for (const auto &[name, text] : texts) {
    Ids ids;
    double seconds =
        secondsOf([&] { ids = encoded(text, ControlTokens::Recognise); });
    std::printf("%-14s %4.1f MB  %.2f s\n", name, double(text.size()) / mega,
                seconds);
    EXPECT_LT(seconds, 3 * 2.0) << name;
    EXPECT_TRUE(v3Tokenizer().decode(ids) == text) << name;
  }
}

} // namespace
} // namespace ds::rt
