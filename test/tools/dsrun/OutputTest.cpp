// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/plan/TemporaryOutput.h"
#include "test/runtime/exec/TinyPlan.h"
#include "tools/dsrun/DumpWriter.h"
#include "tools/dsrun/JsonWriter.h"
#include "tools/dsrun/Printers.h"
#include <cstring>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>

using namespace ds;
using namespace ds::dsrun;
using namespace ds::rt::test;

namespace {

// Strings are escaped so that any text stands on one line; members keep their
// order.
TEST(JsonWriterTest, writesOneLine) {
  JsonObject usage;
  usage.member("n", uint64_t(3));
  std::vector<uint32_t> ids = {1, 2};
  JsonObject object;
  object.member("text", "a\"b\\c\n\x01é\x7f").member("ids", ids);
  object.raw("none", "null").member("usage", usage);
  EXPECT_EQ(object.text(), R"({"text": "a\"b\\c\n\u0001é\u007f", )"
                           R"("ids": [1, 2], "none": null, )"
                           R"("usage": {"n": 3}})");
}

// Lines come out in the order of the requests, whichever ends first.
TEST(LinePrinterTest, printsInOrder) {
  std::vector<rt::Request> requests(3);
  for (rt::Request &request : requests)
    request.prompt = {7, 7};
  rt::Completion completion;
  completion.reason = rt::FinishReason::Stop;
  testing::internal::CaptureStdout();
  LinePrinter printer(requests, nullptr, LineForm::Ids, true);
  for (uint32_t request : {2, 0, 1}) {
    completion.tokens = {request, 9};
    printer.onFinish(request, completion);
  }
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "0,9\n1,9\n2,9\n");
}

// Where the only request fails nothing is printed; one of several has its line.
TEST(LinePrinterTest, failuresOfOneRequestAreSilent) {
  std::vector<rt::Request> requests(1);
  rt::Completion failed;
  failed.reason = rt::FinishReason::Failed;
  failed.failure = Error{.code = ErrorCode::LogitsNotFinite};
  testing::internal::CaptureStdout();
  LinePrinter(requests, nullptr, LineForm::Ids, false).onFinish(0, failed);
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
  testing::internal::CaptureStdout();
  LinePrinter(requests, nullptr, LineForm::Ids, true).onFinish(0, failed);
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "\n");
}

// An object counts the tokens and says why the answer ended.
TEST(LinePrinterTest, objectsCountTokens) {
  std::vector<rt::Request> requests(1);
  requests[0].prompt = {7, 7};
  rt::Completion completion;
  completion.tokens = {4, 5, 1};
  completion.reason = rt::FinishReason::Stop;
  testing::internal::CaptureStdout();
  LinePrinter(requests, nullptr, LineForm::Json, true).onFinish(0, completion);
  EXPECT_EQ(testing::internal::GetCapturedStdout(),
            R"({"schema": 1, "index": 0, "ids": [4, 5, 1], )"
            R"("finish_reason": "stop", "usage": {"prompt_tokens": 2, )"
            R"("completion_tokens": 3, "total_tokens": 5}})"
            "\n");
}

// Asked for, logarithms come with each token, its rivals under it.
TEST(LinePrinterTest, objectsHoldLogprobs) {
  std::vector<rt::Request> requests(1);
  requests[0].logprobs = 1;
  rt::Completion completion;
  completion.tokens = {4, 5};
  completion.logprobs = {{4, -0.5f}, {4, -0.5f}, {5, -2}, {7, -1e-9f}};
  testing::internal::CaptureStdout();
  LinePrinter(requests, nullptr, LineForm::Json, false).onFinish(0, completion);
  EXPECT_NE(testing::internal::GetCapturedStdout().find(
                R"("logprobs": [{"id": 4, "logprob": -0.5, )"
                R"("top": [{"id": 4, "logprob": -0.5}]}, )"
                R"({"id": 5, "logprob": -2, )"
                R"("top": [{"id": 7, "logprob": -1e-09}]}]})"),
            std::string::npos);
}

// Prompts come out as they would be run, a line each.
TEST(PrintPromptsTest, printsIds) {
  std::vector<std::vector<uint32_t>> prompts = {{5, 17, 0}, {3}};
  testing::internal::CaptureStdout();
  printPrompts(prompts, nullptr, false, true);
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "5,17,0\n3\n");
}

class DumpWriterTest : public testing::Test {
protected:
  void SetUp() override { std::filesystem::create_directory(folder); }
  void TearDown() override { std::filesystem::remove_all(folder); }

  Status dump(std::span<const uint32_t> tokens, bool taps, uint32_t chunk,
              const std::string &path) {
    TinyPlan plan(taps);
    std::unique_ptr<rt::Session> session = std::move(
        *rt::Session::create(plan.view(), plan.kernels(), plan.weights(),
                             {.threads = 1, .chunk = chunk}));
    Status status = writeDump(*session, tokens, path, cancel);
    EXPECT_EQ(session->states().freePages(), session->states().numPages());
    return status;
  }
  static std::string contents(const std::string &path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  size_t filesInFolder() const {
    return size_t(std::distance(std::filesystem::directory_iterator(folder),
                                std::filesystem::directory_iterator()));
  }

  std::string folder =
      testing::TempDir() + "dsrun-dump-" +
      testing::UnitTest::GetInstance()->current_test_info()->name();
  std::string path = folder + "/out.safetensors";
  std::atomic<bool> cancel = false;
  std::vector<uint32_t> prompt = {0, 5, 9, 2, 2, 11, 7, 3, 12, 4, 6};
};

// The file holds every tensor in full, gathered over runs of any length.
TEST_F(DumpWriterTest, gathersValuesOverRuns) {
  uint64_t count = prompt.size();
  std::string logits, hidden, experts;
  auto append = [](std::string &to, auto value) {
    to.append(reinterpret_cast<const char *>(&value), sizeof(value));
  };
  for (size_t t = 0; t < count; ++t)
    for (float value : tinyLogits(std::span(prompt).first(t + 1)))
      append(logits, value);
  for (uint32_t layer = 0; layer <= kLayers; ++layer)
    for (uint64_t value : tinyValues(prompt, layer)) {
      for (uint32_t i = 0; i < kHidden; ++i)
        append(hidden, tinyHidden(value, i));
      if (layer < kLayers)
        append(experts, int64_t(tinyExpert(value)));
    }
  for (uint32_t chunk : {1u, 3u, kChunk}) {
    ASSERT_TRUE(dump(prompt, true, chunk, path));
    std::string file = contents(path);
    uint64_t length;
    std::memcpy(&length, file.data(), 8);
    EXPECT_EQ(length % 8, 0u);
    EXPECT_EQ(file.substr(8, length).substr(0, file.find("}}") - 6),
              R"({"logits": {"dtype": "F32", "shape": [11, 16], )"
              R"("data_offsets": [0, 704]}, "hidden": {"dtype": "F32", )"
              R"("shape": [3, 11, 2], "data_offsets": [704, 968]}, )"
              R"("experts": {"dtype": "I64", "shape": [2, 11, 1], )"
              R"("data_offsets": [968, 1144]}})");
    EXPECT_TRUE(file.substr(8 + length) == logits + hidden + experts);
  }
}

// A plan without taps gives logits alone.
TEST_F(DumpWriterTest, withoutTapsThereAreLogitsOnly) {
  ASSERT_TRUE(dump(prompt, false, kChunk, path));
  std::string file = contents(path);
  EXPECT_EQ(file.find("hidden"), file.npos);
  uint64_t length;
  std::memcpy(&length, file.data(), 8);
  EXPECT_EQ(file.size(), 8 + length + prompt.size() * kVocab * 4);
}

// A failure or a signal leaves the old file as it was, and no other.
TEST_F(DumpWriterTest, failuresKeepTheOldFile) {
  std::ofstream(path) << "old";
  std::vector<uint32_t> wrong = {1, 99};
  EXPECT_EQ(dump(wrong, false, kChunk, path).exit(), Exit::Invalid);
  cancel = true;
  EXPECT_TRUE(dump(prompt, false, kChunk, path));
  EXPECT_EQ(contents(path), "old");
  EXPECT_EQ(filesInFolder(), 1u);
  cancel = false;
  Status status = dump(prompt, false, kChunk, folder + "/no/such");
  EXPECT_EQ(status.exit(), Exit::InputOutput);
}

// A dump is written as a plan is: beside its place, which one process has at a
// time; what a killed one left is taken over.
TEST_F(DumpWriterTest, hasTheRulesOfOutputs) {
  std::string temporary = path + ".dsc-tmp";
  {
    rt::TemporaryOutput other(path);
    ASSERT_TRUE(other.lock());
    Status status = dump(prompt, false, kChunk, path);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.errors()[0].code, ErrorCode::OutputLocked);
  }
  std::ofstream(temporary) << std::string(1 << 16, 'x');
  ASSERT_TRUE(dump(prompt, false, kChunk, path));
  EXPECT_LT(std::filesystem::file_size(path), 1u << 16);
  EXPECT_EQ(filesInFolder(), 1u);
}

// The place is looked at first: no folder, no device, no file that is read.
TEST_F(DumpWriterTest, refusesPlacesOfOtherThings) {
  auto codeOf = [](Status status) {
    return status ? ErrorCode(0) : status.errors()[0].code;
  };
  std::vector<std::string> inputs = {folder + "/none", folder + "/plan"};
  std::ofstream(folder + "/plan") << "plan";
  std::filesystem::create_hard_link(folder + "/plan", path);
  Status status = checkDumpPlace(path, inputs);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.exit(), Exit::Usage);
  EXPECT_EQ(status.errors()[0].message(),
            "error[E112]: --dump " + path + ": would replace input file " +
                folder + "/plan");
  EXPECT_EQ(codeOf(checkDumpPlace(folder, inputs)), ErrorCode::OutputKind);
  EXPECT_EQ(codeOf(checkDumpPlace("/dev/null", inputs)),
            ErrorCode::OutputKind);
  EXPECT_EQ(codeOf(checkDumpPlace(folder + "/no/such", inputs)),
            ErrorCode::OutputCreate);
  EXPECT_TRUE(checkDumpPlace(folder + "/new", inputs));
}

} // namespace
