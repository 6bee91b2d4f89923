// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/runtime/text/V3Tokenizer.h"
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

// A conversation is a prompt: what its turns hold beside the known keys is
// skipped, in any order.
TEST(BatchReaderTest, readsMessages) {
  Result<BatchPrompt> prompt = readBatchLine(
      R"({"messages": [{"role": "system", "content": "s", "name": "n"}, )"
      R"({"content": null, "role": "assistant", "tool_calls": [{"id": "1", )"
      R"("function": {"arguments": "{\"a\": 1}", "name": "f", "x": []}}]}, )"
      R"({"role": "tool", "content": "t", "tool_call_id": "1"}, )"
      R"({"role": "user", "tool_calls": null}]})",
      "f", 1);
  ASSERT_TRUE(prompt);
  const auto &messages = std::get<std::vector<rt::Message>>(*prompt);
  ASSERT_EQ(messages.size(), 4u);
  EXPECT_EQ(messages[0].role, rt::Role::System);
  EXPECT_EQ(messages[0].content, "s");
  EXPECT_EQ(messages[1].role, rt::Role::Assistant);
  ASSERT_EQ(messages[1].calls.size(), 1u);
  EXPECT_EQ(messages[1].calls[0].type, "function");
  EXPECT_EQ(messages[1].calls[0].name, "f");
  EXPECT_EQ(messages[1].calls[0].arguments, "{\"a\": 1}");
  EXPECT_EQ(messages[2].role, rt::Role::Tool);
  EXPECT_EQ(messages[3].content, "");
}

// The chat vectors, read as lines of a batch, give the text that the published
// templates print: nothing of a conversation is lost on the way.
TEST(BatchReaderTest, readsAllChatVectors) {
  size_t count =
      rt::forEachLine("chat/vectors.jsonl", [](const nlohmann::json &vector) {
        Result<BatchPrompt> prompt = readBatchLine(vector.dump(), "f", 1);
        ASSERT_TRUE(prompt) << vector.dump();
        auto format = rt::chatFormatOf(vector["format"].get<std::string>());
        auto renderer =
            rt::ChatRenderer::open(rt::v3Tokenizer(), rt::v3Chat(*format));
        ASSERT_TRUE(renderer);
        EXPECT_EQ(
            *renderer->text(std::get<std::vector<rt::Message>>(*prompt),
                            vector["add_generation_prompt"].get<bool>()),
            vector["text"].get<std::string>());
      });
  EXPECT_EQ(count, 240u);
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
  const char *noPrompt =
      "key \"prompt\", \"question\", \"ids\" or \"messages\"";
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
      {"{\"answer\": \"hi\"}", "7", noPrompt},
      {"{}", "7", noPrompt},
      {"{\"messages\": []}", "7:15", "an object"},
      {"{\"messages\": [{\"content\": \"a\"}]}", "7:31",
       "key \"role\" before this"},
      {"{\"messages\": [{\"role\": \"bot\"}]}", "7:24",
       "system, user, assistant or tool"},
      {"{\"messages\": [{\"role\": \"user\", \"content\": 1}]}", "7:43",
       "a string"},
      {"{\"messages\": [{\"role\": \"user\", \"tool_calls\": [{\"function\": "
       "{\"name\": \"f\"}}]}]}",
       "7:76", "\"tool_calls\" in assistant turns only"},
      {"{\"messages\": [{\"role\": \"assistant\", \"tool_calls\": [{}]}]}",
       "7:54", "\"function\" with a \"name\" before this"},
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
