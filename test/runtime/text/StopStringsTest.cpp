// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/text/StopStrings.h"
#include "test/runtime/text/V3Tokenizer.h"
#include <algorithm>
#include <gtest/gtest.h>
#include <random>

namespace ds::rt {
namespace {

using Texts = std::vector<std::string>;

StopStrings stopsOf(Texts texts) {
  auto stops = StopStrings::create(v3Tokenizer(), std::move(texts));
  EXPECT_TRUE(stops);
  return *stops;
}

/// What passes a filter when `text` comes in pieces of `step` bytes.
std::string filtered(const StopStrings &stops, std::string_view text,
                     size_t step) {
  StopFilter filter(&stops);
  std::string out;
  for (size_t at = 0; at < text.size(); at += step)
    filter.push(text.substr(at, step), out);
  filter.finish(out);
  return out;
}

/// The rule in plain words: at the first byte where a stop string ends, the
/// longest that ends there and all from its start on is gone.
std::string modelled(const Texts &stops, std::string_view text) {
  for (size_t end = 1; end <= text.size(); ++end) {
    size_t longest = 0;
    for (const std::string &stop : stops)
      if (text.substr(0, end).ends_with(stop))
        longest = std::max(longest, stop.size());
    if (longest != 0)
      return std::string(text.substr(0, end - longest));
  }
  return std::string(text);
}

/// The bytes that must wait: the longest end of `text` that begins a stop.
size_t modelledHeld(const Texts &stops, std::string_view text) {
  for (size_t size = text.size(); size != 0; --size)
    for (const std::string &stop : stops)
      if (size < stop.size() &&
          stop.starts_with(text.substr(text.size() - size)))
        return size;
  return 0;
}

// The text before a stop string passes, the string and what follows never,
// however the text is cut.
TEST(StopStrings, cut_the_text_before_the_first) {
  StopStrings stops = stopsOf({"\n\n", "END", "你好"});
  for (size_t step = 1; step < 12; ++step) {
    EXPECT_EQ(filtered(stops, "one\ntwo\n\nthree", step), "one\ntwo");
    EXPECT_EQ(filtered(stops, "ENEND\n\n", step), "EN");
    EXPECT_EQ(filtered(stops, "你你好", step), "你");
    EXPECT_EQ(filtered(stops, "no stop \nEN", step), "no stop \nEN");
  }
}

// Texts of two letters, so that stop strings overlap themselves and each
// other, agree with the rule in plain words, byte for byte and at every cut.
TEST(StopStrings, equal_the_model_on_random_texts) {
  std::mt19937 random(9);
  auto word = [&](size_t most) {
    std::string out;
    for (size_t left = 1 + random() % most; left != 0; --left)
      out += char('a' + random() % 2);
    return out;
  };
  size_t cut = 0;
  for (int i = 0; i < 3000; ++i) {
    Texts texts;
    for (size_t left = 1 + random() % 3; left != 0; --left)
      texts.push_back(word(7));
    std::string text = word(30), expected = modelled(texts, text);
    cut += expected != text;
    EXPECT_EQ(filtered(stopsOf(texts), text, 1 + random() % 5), expected);
  }
  EXPECT_GT(cut, 1000u);
}

// Nothing is held back but the start of a possible stop string.
TEST(StopStrings, hold_back_no_more_than_they_must) {
  std::mt19937 random(10);
  for (int i = 0; i < 1000; ++i) {
    Texts texts = {"abab", "bb" + std::string(random() % 3, 'a') + "c"};
    StopStrings stops = stopsOf(texts);
    StopFilter filter(&stops);
    std::string text, out;
    while (text.size() < 20 && modelled(texts, text) == text) {
      EXPECT_EQ(out.size(), text.size() - modelledHeld(texts, text)) << text;
      text += char('a' + random() % 3);
      filter.push(text.substr(text.size() - 1), out);
    }
  }
}

// Without stop strings everything passes at once.
TEST(StopStrings, may_be_absent) {
  StopFilter filter(nullptr);
  std::string out;
  filter.push("a", out);
  EXPECT_EQ(out, "a");
}

TEST(StopStrings, refuse_what_can_never_be_meant) {
  for (const char *text : {"", "\xff", "\xe4\xbd"}) {
    auto stops = StopStrings::create(v3Tokenizer(), {"fine", text});
    ASSERT_FALSE(stops);
    Status status = stops.takeStatus();
    EXPECT_EQ(status.exit(), Exit::Usage);
    EXPECT_EQ(status.errors()[0].subject, "--stop");
  }
}

} // namespace
} // namespace ds::rt
