// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/text/ReasoningSplitter.h"
#include <gtest/gtest.h>

namespace ds::rt {
namespace {

struct Whole {
  std::string reasoning, content;
  int timesClosed = 0;
  bool operator==(const Whole &) const = default;
};

Whole split(bool reasons, std::string_view text, size_t step) {
  ReasoningSplitter splitter(reasons);
  Whole whole;
  auto take = [&](ReasoningSplitter::Parts parts) {
    whole.reasoning += parts.reasoning;
    whole.content += parts.content;
    whole.timesClosed += parts.closed;
  };
  for (size_t at = 0; at < text.size(); at += step)
    take(splitter.push(text.substr(at, step)));
  take(splitter.finish());
  return whole;
}

// The first mark parts reasoning from content, however the text is cut.
TEST(ReasoningSplitter, parts_at_the_first_mark) {
  std::string_view text = "a < b </thin </think>\n\nso </think> it is";
  for (size_t step = 1; step <= text.size(); ++step)
    EXPECT_EQ(split(true, text, step),
              (Whole{"a < b </thin ", "\n\nso </think> it is", 1}));
}

TEST(ReasoningSplitter, takes_all_for_reasoning_without_a_mark) {
  for (size_t step = 1; step < 12; ++step)
    EXPECT_EQ(split(true, "hm </think", step), (Whole{"hm </think", "", 0}));
}

TEST(ReasoningSplitter, takes_all_for_content_when_nothing_reasons) {
  EXPECT_EQ(split(false, "a</think>b", 3), (Whole{"", "a</think>b", 0}));
}

} // namespace
} // namespace ds::rt
