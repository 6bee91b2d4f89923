// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Logits of a compiled model are the same bits however the work is cut: by
// threads, by chunks of the prompt, by the company of other sequences.
#include "runtime/exec/Session.h"
#include <algorithm>
#include <cstdlib>
#include <gtest/gtest.h>

using namespace ds;
using namespace ds::rt;

namespace {

using Logits = std::vector<std::vector<float>>; // by token, [vocabSize]

/// Tokens of a sequence that runs over page borders.
std::vector<uint32_t> tokens(uint32_t count, uint32_t seed) {
  std::vector<uint32_t> ids;
  for (uint32_t i = 0; i < count; ++i)
    ids.push_back((seed + i * (2 * seed + 37)) % 900 + 10);
  return ids;
}

class Determinism : public testing::Test {
protected:
  void SetUp() override {
    const char *path = std::getenv("DS_TEST_PLAN");
    ASSERT_TRUE(path) << "DS_TEST_PLAN names the plan";
    Result<PlanFile> opened = PlanFile::open(path);
    ASSERT_TRUE(opened);
    plan_.emplace(std::move(*opened));
  }

  std::unique_ptr<Session> session(uint32_t threads, uint32_t chunk = 0) {
    return std::move(
        *Session::create(*plan_, {.threads = threads, .chunk = chunk}));
  }

  std::optional<PlanFile> plan_;
};

/// Adds the logits of `count` tokens of the last run, from `first` on.
void collect(Session &session, uint32_t first, uint32_t count, Logits &to) {
  for (uint32_t row = first; row < first + count; ++row) {
    session.head({&row, 1});
    std::span<const float> logits = session.logits(0);
    to.emplace_back(logits.begin(), logits.end());
  }
}

/// A prompt in runs of at most the session's chunk, then generated tokens.
Logits alone(Session &session, std::span<const uint32_t> prompt,
             std::span<const uint32_t> generated) {
  SequenceId id =
      *session.addSequence(uint32_t(prompt.size() + generated.size()));
  Logits logits;
  for (size_t first = 0; first < prompt.size(); first += session.chunk()) {
    SequenceTokens run{
        id, prompt.subspan(first, std::min<size_t>(session.chunk(),
                                                   prompt.size() - first))};
    EXPECT_TRUE(session.prefill({&run, 1}));
    collect(session, 0, uint32_t(run.tokens.size()), logits);
  }
  for (const uint32_t &token : generated) {
    SequenceTokens run{id, {&token, 1}};
    EXPECT_TRUE(session.decode({&run, 1}));
    collect(session, 0, 1, logits);
  }
  session.removeSequence(id);
  return logits;
}

// One thread or several.
TEST_F(Determinism, ofThreads) {
  std::vector<uint32_t> prompt = tokens(150, 3), generated = tokens(20, 5);
  Logits one = alone(*session(1), prompt, generated);
  for (uint32_t threads : {2u, 3u})
    EXPECT_EQ(alone(*session(threads), prompt, generated), one) << threads;
}

// A prompt in chunks of any size, page borders inside a chunk or between two.
TEST_F(Determinism, ofChunks) {
  std::vector<uint32_t> prompt = tokens(150, 7), generated = tokens(5, 1);
  Logits whole = alone(*session(1), prompt, generated);
  for (uint32_t chunk : {1u, 7u, 16u, 64u, 149u})
    EXPECT_EQ(alone(*session(2, chunk), prompt, generated), whole) << chunk;
}

// A sequence among others: in a ragged prefill, and in every decode.
TEST_F(Determinism, ofCompany) {
  constexpr uint32_t kLengths[] = {1, 77, 13, 64, 100};
  constexpr uint32_t kGenerated = 9;
  std::unique_ptr<Session> shared = session(2);
  std::vector<std::vector<uint32_t>> prompts, generated;
  std::vector<SequenceTokens> run;
  for (uint32_t length : kLengths) {
    prompts.push_back(tokens(length, length));
    generated.push_back(tokens(kGenerated, length + 1));
  }
  for (const std::vector<uint32_t> &prompt : prompts)
    run.push_back(
        {*shared->addSequence(uint32_t(prompt.size()) + kGenerated), prompt});
  std::vector<Logits> found(prompts.size());
  ASSERT_TRUE(shared->prefill(run));
  for (uint32_t i = 0, first = 0; i < run.size(); first += kLengths[i++])
    collect(*shared, first, kLengths[i], found[i]);
  for (uint32_t step = 0; step < kGenerated; ++step) {
    for (uint32_t i = 0; i < run.size(); ++i)
      run[i].tokens = std::span(generated[i]).subspan(step, 1);
    ASSERT_TRUE(shared->decode(run));
    for (uint32_t i = 0; i < run.size(); ++i)
      collect(*shared, i, 1, found[i]);
  }
  std::unique_ptr<Session> own = session(1);
  for (uint32_t i = 0; i < run.size(); ++i)
    EXPECT_EQ(found[i], alone(*own, prompts[i], generated[i])) << i;
}

} // namespace
