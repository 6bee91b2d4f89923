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
  std::string line(const TextPart &part, LineForm form,
                   const rt::Completion &answer) const {
    std::vector<rt::Request> requests(1);
    requests[0].prompt = {0};
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

// Without a reasoning format all of the answer is content, as it is.
TEST_F(TextTest, plainAnswersAreContent) {
  std::unique_ptr<TextPart> raw = std::move(*TextPart::open(plan, true));
  EXPECT_NE(line(*raw, LineForm::Json, completion(" 3\n"))
                .find(R"("reasoning": null, "content": " 3\n", "ids": )"),
            std::string::npos);
}

} // namespace
