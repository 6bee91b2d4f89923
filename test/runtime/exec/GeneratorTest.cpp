// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/exec/Generator.h"
#include "test/runtime/exec/TinyPlan.h"
#include <gtest/gtest.h>
#include <set>

using namespace ds;
using namespace ds::rt;
using namespace ds::rt::test;

namespace {

Request request(std::vector<uint32_t> prompt, uint32_t count = kNone) {
  return {.prompt = std::move(prompt),
          .maxNewTokens = count,
          .sampling = {},
          .stops = {kEnd}};
}

/// More prompts than fit at once, of unequal lengths.
std::vector<Request> manyRequests() {
  std::vector<Request> requests;
  for (uint32_t i = 0; i < 9; ++i) {
    std::vector<uint32_t> prompt;
    for (uint32_t t = 0; t <= (5 * i) % 12; ++t)
      prompt.push_back((3 * i + t) % 12);
    requests.push_back(request(std::move(prompt), 2 + i % 5));
  }
  return requests;
}

struct Recorder : GenerationListener {
  std::vector<std::vector<uint32_t>> tokens;
  std::vector<size_t> finished;
  std::atomic<bool> cancel = false;
  size_t cancelAfter = SIZE_MAX;

  explicit Recorder(size_t requests) : tokens(requests) {}
  void onToken(size_t request, uint32_t token) override {
    tokens[request].push_back(token);
    cancel = cancel || tokens[request].size() >= cancelAfter;
  }
  void onFinish(size_t request, const Completion &completion) override {
    finished.push_back(request);
    EXPECT_EQ(tokens[request], completion.tokens);
  }
};

class GeneratorTest : public testing::Test {
protected:
  std::vector<Completion> generate(std::span<const Request> requests,
                                   Recorder *recorder = nullptr) {
    Result<std::vector<Completion>> result = generator.run(
        requests, recorder, recorder ? &recorder->cancel : nullptr);
    EXPECT_EQ(session->states().freePages(), session->states().numPages());
    return std::move(*result);
  }
  Status refusal(std::vector<Request> requests) {
    return generator.run(requests).takeStatus();
  }

  TinyPlan plan;
  std::unique_ptr<Session> session = std::move(
      *Session::create(plan.view(), plan.kernels(), plan.weights(), {}));
  Generator generator{*session};
};

// Every request gets the tokens it would get alone, in the order of the input,
// and all pages come back.
TEST_F(GeneratorTest, tokensDoNotDependOnTheBatch) {
  std::vector<Request> requests = manyRequests();
  Recorder recorder(requests.size());
  std::vector<Completion> together = generate(requests, &recorder);
  for (size_t i = 0; i < requests.size(); ++i) {
    EXPECT_EQ(together[i].tokens,
              tinyGreedy(requests[i].prompt, requests[i].maxNewTokens));
    EXPECT_EQ(recorder.tokens[i], together[i].tokens);
    std::vector<Completion> alone = generate(std::span(requests).subspan(i, 1));
    EXPECT_EQ(alone[0].tokens, together[i].tokens);
  }
  EXPECT_EQ(recorder.finished.size(), requests.size());
}

// Sampled tokens, too, depend on the seed and the sequence alone.
TEST_F(GeneratorTest, sampledTokensDependOnTheSeedAlone) {
  std::vector<Request> requests(3, request({4, 4}, 12));
  for (Request &each : requests) {
    each.sampling.temperature = 500; // nearly uniform
    each.stops.clear();
  }
  requests[2].sampling.seed = 1;
  std::vector<Completion> completions = generate(requests);
  EXPECT_EQ(completions[0].tokens, completions[1].tokens);
  EXPECT_NE(completions[0].tokens, completions[2].tokens);
}

// A stop token ends an answer and is its last token; the limit ends it too, and
// so does the end of the context.
TEST_F(GeneratorTest, finishesForTheRightReason) {
  std::vector<uint32_t> greedy = tinyGreedy({2, 3}, 6);
  ASSERT_EQ(greedy.size(), 6u); // none of them is the end
  std::vector<Request> requests = {request({2, 3}, 6), request({2, 3}),
                                   request({2, 3}, 0)};
  requests[1].stops = {greedy[3]};
  requests.push_back(requests[0]);
  requests[3].maxNewTokens = kNone;
  requests[3].stops.clear();
  std::vector<Completion> completions = generate(requests);
  EXPECT_EQ(completions[0].reason, FinishReason::Length);
  EXPECT_EQ(completions[0].tokens, greedy);
  EXPECT_EQ(completions[1].reason, FinishReason::Stop);
  EXPECT_EQ(completions[1].tokens.back(), greedy[3]);
  EXPECT_EQ(completions[2].reason, FinishReason::Length);
  EXPECT_TRUE(completions[2].tokens.empty());
  EXPECT_EQ(completions[3].reason, FinishReason::Length);
  EXPECT_EQ(completions[3].tokens.size(), kContext - 2);
}

// A stop string ends an answer with the token that completes it, wherever its
// tokens part; each answer has its own progress.
TEST_F(GeneratorTest, stopStringsEndAnswers) {
  std::vector<uint8_t> section = byteTokenizer();
  Tokenizer tokenizer = std::move(*Tokenizer::open(section));
  std::vector<uint32_t> greedy = tinyGreedy({2, 3}, 6);
  ASSERT_EQ(greedy.size(), 6u);
  StopStrings stops = std::move(*StopStrings::create(
      tokenizer, {std::string(greedy.begin() + 2, greedy.begin() + 4)}));
  std::vector<Request> requests(3, request({2, 3}, 6));
  requests[0].stopStrings = requests[2].stopStrings = &stops;
  requests[2].prompt.push_back(greedy[0]); // one token ahead
  std::vector<Completion> completions = generate(requests);
  EXPECT_EQ(completions[0].reason, FinishReason::Stop);
  EXPECT_EQ(completions[0].tokens,
            std::vector(greedy.begin(), greedy.begin() + 4));
  EXPECT_EQ(completions[1].tokens, greedy);
  EXPECT_EQ(completions[2].reason, FinishReason::Stop);
  EXPECT_EQ(completions[2].tokens,
            std::vector(greedy.begin() + 1, greedy.begin() + 4));
}

// Logarithms are those of the model's own logits over the real tokens, whatever
// the sampler does to them, as many for each token.
TEST_F(GeneratorTest, logprobsAreOfTheModelsLogits) {
  std::vector<Request> requests(2, request({2, 3}, 3));
  requests[1].logprobs = 2;
  requests[1].sampling.repetitionPenalty = 1.5f;
  std::vector<Completion> completions = generate(requests);
  EXPECT_TRUE(completions[0].logprobs.empty());
  const Completion &answer = completions[1];
  ASSERT_EQ(answer.logprobs.size(), 3 * answer.tokens.size());
  std::vector<uint32_t> tokens = requests[1].prompt;
  for (size_t i = 0; i < answer.tokens.size(); ++i) {
    std::vector<float> logits = tinyLogits(tokens);
    logits.resize(kRealTokens);
    std::vector<TokenLogprob> expected;
    appendLogprobs(logits, answer.tokens[i], 2, expected);
    for (size_t k = 0; k < 3; ++k) {
      EXPECT_EQ(answer.logprobs[3 * i + k].id, expected[k].id);
      EXPECT_EQ(answer.logprobs[3 * i + k].logprob, expected[k].logprob);
    }
    tokens.push_back(answer.tokens[i]);
  }
}

// Penalties count the prompt and the answer of their own request.
TEST_F(GeneratorTest, penaltiesCountTheSequence) {
  std::vector<Request> requests(2, request({2, 3}, 8));
  for (Request &each : requests)
    each.stops.clear();
  requests[0].sampling.repetitionPenalty = 1e6f; // each id once at most
  std::vector<Completion> completions = generate(requests);
  std::set<uint32_t> seen = {2, 3};
  for (uint32_t token : completions[0].tokens)
    EXPECT_TRUE(seen.insert(token).second) << token;
  EXPECT_NE(completions[0].tokens, completions[1].tokens);
}

// Logits that are no numbers end their own request with an error, and no other.
TEST_F(GeneratorTest, badLogitsEndOneRequest) {
  std::vector<Request> requests = {request({2, 3}, 4), request({2, kPoison}, 4),
                                   request({5}, 4)};
  std::vector<Completion> completions = generate(requests);
  EXPECT_EQ(completions[1].reason, FinishReason::Failed);
  EXPECT_TRUE(completions[1].tokens.empty());
  EXPECT_EQ(completions[1].failure.exit(), Exit::Numerical);
  for (size_t i : {0, 2})
    EXPECT_EQ(completions[i].tokens, tinyGreedy(requests[i].prompt, 4));
}

// A cancelled run keeps what it has, names the reason, and the next one works.
TEST_F(GeneratorTest, cancelStopsAllRequests) {
  std::vector<Request> requests = manyRequests();
  requests[0].stops.clear();
  Recorder recorder(requests.size());
  recorder.cancelAfter = 1;
  std::vector<Completion> completions = generate(requests, &recorder);
  EXPECT_EQ(completions[0].reason, FinishReason::Cancelled);
  EXPECT_EQ(completions[0].tokens.size(), 1u);
  EXPECT_EQ(completions.back().reason, FinishReason::Cancelled);
  EXPECT_TRUE(completions.back().tokens.empty());
  EXPECT_EQ(generate({&requests[2], 1})[0].tokens,
            tinyGreedy(requests[2].prompt, requests[2].maxNewTokens));
}

// What cannot be answered is refused before anything runs, all of it at once.
TEST_F(GeneratorTest, refusesImpossiblePrompts) {
  std::vector<Request> requests = {request({1}), request({}),
                                   request(std::vector<uint32_t>(25, 2)),
                                   request({1, 99})};
  Status status = refusal(requests);
  ASSERT_EQ(status.errors().size(), 3u);
  EXPECT_EQ(status.errors()[0].code, ErrorCode::PromptEmpty);
  EXPECT_EQ(status.errors()[0].where, "prompt 1");
  EXPECT_EQ(status.errors()[1].code, ErrorCode::ContextExceeded);
  EXPECT_EQ(status.errors()[1].message(),
            "error[E820]: prompt 2: context length exceeded: found 25 tokens, "
            "expected at most 24");
  EXPECT_EQ(status.errors()[2].code, ErrorCode::TokenOutOfRange);
  EXPECT_EQ(status.errors()[2].found, "99");
  EXPECT_EQ(generator.stats().prefillTokens, 0u);
}

// A prompt that fills the context is run, and has room for no answer.
TEST_F(GeneratorTest, aFullContextGivesNoTokens) {
  std::vector<Request> requests = {request(std::vector<uint32_t>(24, 2))};
  std::vector<Completion> completions = generate(requests);
  EXPECT_EQ(completions[0].reason, FinishReason::Length);
  EXPECT_TRUE(completions[0].tokens.empty());
}

// Prompts run as prefill whatever their length, new tokens as decode.
TEST_F(GeneratorTest, countsPromptAndNewTokens) {
  std::vector<Request> requests = {request({3}, 5), request({2, 3, 4}, 3)};
  for (Request &each : requests)
    each.stops.clear();
  generate(requests);
  EXPECT_EQ(generator.stats().prefillTokens, 4u);
  EXPECT_EQ(generator.stats().decodeTokens, 4u + 2u); // one of each: prefill's
  EXPECT_GT(generator.stats().firstTokenSeconds, 0.0);
}

} // namespace
