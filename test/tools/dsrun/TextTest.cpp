// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// With the tokenizer and chat format of test/models/tiny-r1.
#include "compiler/text/ChatRecognizer.h"
#include "compiler/text/TokenizerReader.h"
#include "tools/dsrun/Printers.h"
#include <algorithm>
#include <gtest/gtest.h>

using namespace ds;
using namespace ds::dsrun;

namespace {

class TextTest : public testing::Test {
protected:
  void SetUp() override {
    const std::string folder = DS_TEST_MODELS "/tiny-r1";
    tokenizer = std::move(**compileTokenizer(folder, 1024));
    chat = recognizeChat(folder, tokenizer)->record;
    plan.tokenizer = tokenizer;
    plan.chat = {reinterpret_cast<const uint8_t *>(&chat), sizeof(chat)};
    text = std::move(*TextPart::open(plan, false));
  }
  std::vector<uint32_t> ids(std::string_view written) const {
    return *text->tokenizer().encode(written, rt::ControlTokens::Recognise);
  }
  std::string decode(std::span<const uint32_t> tokens) const {
    return text->tokenizer().decode(tokens);
  }
  rt::Completion completion(std::string_view written) const {
    rt::Completion result;
    result.tokens = ids(written);
    result.tokens.push_back(*text->tokenizer().eos());
    result.reason = rt::FinishReason::Stop;
    return result;
  }
  /// What is printed for an answer to a prompt, by default to a user's turn.
  std::string line(const TextPart &part, LineForm form,
                   const rt::Completion &answer,
                   std::vector<uint32_t> prompt = {}) const {
    std::vector<rt::Request> requests(1);
    requests[0].prompt =
        prompt.empty() ? *text->prompt("Hi", nullptr) : std::move(prompt);
    testing::internal::CaptureStdout();
    LinePrinter(requests, &part, form, false).onFinish(0, answer);
    return testing::internal::GetCapturedStdout();
  }

  std::vector<uint8_t> tokenizer;
  rt::ChatRecord chat{};
  rt::PlanView plan;
  std::unique_ptr<TextPart> text;
};

// A prompt is one turn in the plan's format, with a system message in front
// where there is one; raw it is the text after the first token.
TEST_F(TextTest, promptsFollowTheFormat) {
  const std::string system = "Be brief.";
  EXPECT_EQ(decode(*text->prompt("Add 1 and 2.", nullptr)),
            "<｜begin▁of▁sentence｜><｜User｜>Add 1 and 2.<｜Assistant｜>"
            "<think>\n");
  EXPECT_EQ(decode(*text->prompt("Hi", &system)),
            "<｜begin▁of▁sentence｜>Be brief.<｜User｜>Hi<｜Assistant｜>"
            "<think>\n");
  std::unique_ptr<TextPart> raw = std::move(*TextPart::open(plan, true));
  std::vector<uint32_t> prompt = *raw->prompt("Add <think>", nullptr);
  EXPECT_TRUE(decode(prompt).ends_with("Add <think>"));
  EXPECT_EQ(std::ranges::count(prompt, chat.think), 0);
}

// A plan that lacks what text needs says so, and what still works.
TEST_F(TextTest, refusesPlansWithoutText) {
  rt::PlanView bare;
  Status status = TextPart::open(bare, true).takeStatus();
  EXPECT_EQ(status.errors()[0].code, ErrorCode::TextPartAbsent);
  EXPECT_EQ(status.exit(), Exit::Unsupported);
  plan.chat = {};
  EXPECT_EQ(TextPart::open(plan, false).takeStatus().exit(), Exit::Unsupported);
  EXPECT_TRUE(TextPart::open(plan, true));
}

// Off a terminal an answer streams as it is: reasoning, mark, content, a
// newline at the end, and no end-of-text token.
TEST_F(TextTest, streamsTheAnswer) {
  rt::Completion answer = completion("1 + 2 = 3.\n</think>\n\n3 é你");
  testing::internal::CaptureStdout();
  StreamPrinter printer(*text);
  for (uint32_t token : answer.tokens)
    printer.onToken(0, token);
  printer.onFinish(0, answer);
  EXPECT_EQ(testing::internal::GetCapturedStdout(),
            "1 + 2 = 3.\n</think>\n\n3 é你\n");
  EXPECT_EQ(printer.answer().content, "\n\n3 é你");
}

// An object has reasoning and content apart and trimmed, a line of text has
// both, escaped.
TEST_F(TextTest, linesHoldTheAnswer) {
  rt::Completion answer = completion("a \\ b\n</think>\n\n3");
  EXPECT_NE(line(*text, LineForm::Json, answer)
                .find(R"("reasoning": "a \\ b", "content": "3", "ids": )"),
            std::string::npos);
  EXPECT_EQ(line(*text, LineForm::Text, answer),
            "a \\\\ b\\n</think>\\n\\n3\n");
}

// An answer that streams ends before a stop string, in whose parts its tokens
// may come; an object has it in its ids alone.
TEST_F(TextTest, stopStringsAreNotPrinted) {
  ASSERT_TRUE(text->setStops({"4.\n"}));
  rt::Completion answer = completion("1 + 3 = 4.\nMore.");
  testing::internal::CaptureStdout();
  StreamPrinter printer(*text);
  for (uint32_t token : answer.tokens)
    printer.onToken(0, token);
  printer.onFinish(0, answer);
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "1 + 3 = \n");
  std::string object = line(*text, LineForm::Json, answer);
  EXPECT_NE(object.find(R"("reasoning": "1 + 3 =", "content": "",)"),
            std::string::npos);
  EXPECT_EQ(text->setStops({""}).exit(), Exit::Usage);
}

// Nothing is held back longer than it may become a stop string.
TEST_F(TextTest, streamsWhatIsCertain) {
  ASSERT_TRUE(text->setStops({"12", "1x"}));
  StreamPrinter printer(*text);
  auto shown = [&](std::string_view written) {
    testing::internal::CaptureStdout();
    for (uint32_t token : ids(written))
      printer.onToken(0, token);
    return testing::internal::GetCapturedStdout();
  };
  EXPECT_EQ(shown("a 1"), "a ");
  EXPECT_EQ(shown("1"), "1");
  EXPECT_EQ(shown("3"), "13");
}

// What follows outputs of tools is no reasoning: the prompt has no <think>.
TEST_F(TextTest, promptsSayWhetherAnAnswerReasons) {
  EXPECT_TRUE(text->answersReason(*text->prompt("Hi", nullptr)));
  std::vector<uint32_t> plain = ids("Hi");
  EXPECT_FALSE(text->answersReason(plain));
  EXPECT_NE(line(*text, LineForm::Json, completion("3"), plain)
                .find(R"("reasoning": "", "content": "3",)"),
            std::string::npos);
}

// An object of a prompt has what each id spells; a part of a character is
// U+FFFD.
TEST_F(TextTest, printsPiecesOfPrompts) {
  std::vector<std::vector<uint32_t>> prompts = {ids("<think>a é")};
  testing::internal::CaptureStdout();
  printPrompts(prompts, text.get(), true, false);
  std::string object = testing::internal::GetCapturedStdout();
  EXPECT_TRUE(object.starts_with(R"({"schema": 1, "ids": [5, )")) << object;
  EXPECT_TRUE(object.ends_with("\"pieces\": [\"<think>\", \"a\", \" \", "
                               "\"\uFFFD\", \"\uFFFD\"]}\n"))
      << object;
}

// Without a reasoning format all of the answer is content, as it is.
TEST_F(TextTest, plainAnswersAreContent) {
  std::unique_ptr<TextPart> raw = std::move(*TextPart::open(plan, true));
  EXPECT_NE(line(*raw, LineForm::Json, completion(" 3\n"))
                .find(R"("reasoning": null, "content": " 3\n", "ids": )"),
            std::string::npos);
}

} // namespace
