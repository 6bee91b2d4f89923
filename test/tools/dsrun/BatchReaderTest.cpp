// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/dsrun/BatchReader.h"
#include <gtest/gtest.h>

using namespace ds;
using namespace ds::dsrun;

namespace {

std::string textOf(std::string_view line) {
  Result<BatchPrompt> prompt = readBatchLine(line, "f", 1);
  EXPECT_TRUE(prompt) << line;
  return prompt ? std::get<std::string>(*prompt) : "";
}

// A line is a string, or an object with the prompt under either name; what else
// stands there is skipped, whatever it is.
TEST(BatchReaderTest, findsThePrompt) {
  EXPECT_EQ(textOf(R"("hi")"), "hi");
  EXPECT_EQ(textOf(R"( {"prompt" : "hi"} )"), "hi");
  EXPECT_EQ(textOf(R"({"question": "q", "answer": "a"})"), "q");
  EXPECT_EQ(textOf(R"({"a": [1, {"b": [], "c": {}}, "]"], "d": -1.5e3, )"
                   R"("e": true, "f": null, "prompt": "hi", "g": false})"),
            "hi");
  EXPECT_EQ(textOf("{\"prompt\": \"first\", \"question\": \"second\"}\r"),
            "first");
}

// Token ids are a prompt, too.
TEST(BatchReaderTest, readsIds) {
  Result<BatchPrompt> prompt = readBatchLine(R"({"ids": [5, 17,0]})", "f", 1);
  ASSERT_TRUE(prompt);
  EXPECT_EQ(std::get<std::vector<uint32_t>>(*prompt),
            (std::vector<uint32_t>{5, 17, 0}));
}

// All escapes of JSON become their characters, pairs of surrogates one.
TEST(BatchReaderTest, decodesEscapes) {
  EXPECT_EQ(textOf(R"("\"\\\/\b\f\n\r\t")"), "\"\\/\b\f\n\r\t");
  EXPECT_EQ(textOf(R"("\u0041\u00e9\u4f60\uD83D\ude00")"), "Aé你😀");
  EXPECT_EQ(textOf("\"你好\""), "你好");
}

struct BadLine {
  const char *line, *where, *expected;
};

// A line that is no prompt names the place and what should stand there.
TEST(BatchReaderTest, refusesWhatIsNoPrompt) {
  const std::string nested =
      "{\"a\": " + std::string(70, '[') + "1" + std::string(70, ']') + "}";
  const BadLine lines[] = {
      {"hi", "7:1", "a string or an object"},
      {"\"hi", "7:4", "the end of a string"},
      {"\"hi\" x", "7:6", "the end of the line"},
      {"\"a\\q\"", "7:5", "an escape of JSON"},
      {"\"\\ud800x\"", "7:8", "a low surrogate"},
      {"\"\\udc00\"", "7:8", "a high surrogate"},
      {"\"\\u12g4\"", "7:4", "four hexadecimal digits"},
      {"\"a\tb\"", "7:4", "no bare control character"},
      {"{\"prompt\": 5}", "7:12", "a string"},
      {"{\"prompt\" \"hi\"}", "7:11", "':'"},
      {"{\"prompt\": \"hi\"", "7:16", "',' or '}'"},
      {"{\"answer\": \"hi\"}", "7", "key \"prompt\", \"question\" or \"ids\""},
      {"{}", "7", "key \"prompt\", \"question\" or \"ids\""},
      {"{\"ids\": [1, -2]}", "7:13", "a token id"},
      {"{\"ids\": []}", "7:10", "a token id"},
      {"{\"a\": ,}", "7:7", "a value"},
      {nested.c_str(), "7:71", "less nesting"},
  };
  for (const BadLine &bad : lines) {
    Result<BatchPrompt> prompt = readBatchLine(bad.line, "f.jsonl", 7);
    ASSERT_FALSE(prompt) << bad.line;
    Status status = prompt.takeStatus();
    EXPECT_EQ(status.exit(), Exit::Invalid);
    EXPECT_EQ(status.errors()[0].file, "f.jsonl");
    EXPECT_EQ(status.errors()[0].where, bad.where) << bad.line;
    EXPECT_EQ(status.errors()[0].expected, bad.expected) << bad.line;
  }
}

// Empty lines do not count as prompts but as lines; all wrong lines are told.
TEST(BatchReaderTest, readsAllLines) {
  Result<std::vector<BatchPrompt>> prompts =
      readBatch("\"a\"\n\n  \r\n{\"prompt\": \"b\"}\r\n\"c\"", "f");
  ASSERT_TRUE(prompts);
  EXPECT_EQ(prompts->size(), 3u);
  EXPECT_TRUE(readBatch("", "f")->empty());
  Status status = readBatch("x\n\n\"a\"\ny\n", "f").takeStatus();
  ASSERT_EQ(status.errors().size(), 2u);
  EXPECT_EQ(status.errors()[1].where, "4:1");
}

} // namespace
