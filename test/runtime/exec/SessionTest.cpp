// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/exec/Session.h"
#include "test/runtime/exec/TinyPlan.h"
#include <gtest/gtest.h>

using namespace ds;
using namespace ds::rt;
using namespace ds::rt::test;

namespace {

std::unique_ptr<Session> open(const TinyPlan &plan,
                              const SessionOptions &options = {}) {
  return std::move(
      *Session::create(plan.view(), plan.kernels(), plan.weights(), options));
}

std::vector<float> listed(std::span<const float> values) {
  return {values.begin(), values.end()};
}

const std::vector<uint32_t> kPrompt = {0, 5, 9, 2, 2, 11, 7, 3, 12, 4, 6};

/// Logits after each token of the prompt, prefilled in runs of `chunk`.
std::vector<std::vector<float>> prefilled(Session &session, uint32_t chunk) {
  SequenceId sequence = *session.addSequence(kContext);
  std::vector<std::vector<float>> logits;
  for (size_t first = 0; first < kPrompt.size(); first += chunk) {
    SequenceTokens run{
        sequence, std::span(kPrompt).subspan(
                      first, std::min<size_t>(chunk, kPrompt.size() - first))};
    EXPECT_TRUE(session.prefill({&run, 1}));
    for (uint32_t row = 0; row < run.tokens.size(); ++row) {
      EXPECT_TRUE(session.head({&row, 1}));
      logits.push_back(listed(session.logits(0)));
    }
  }
  session.removeSequence(sequence);
  return logits;
}

// The session's own memory is the budget's, to the byte, for any number of
// workers.
TEST(SessionTest, usesTheBudgetToTheByte) {
  for (bool taps : {false, true})
    for (uint32_t threads : {1u, 3u}) {
      TinyPlan plan(taps);
      std::unique_ptr<Session> session = open(plan, {.threads = threads});
      const BudgetRecord &budget = plan.view().budget[0];
      MemoryUse use = session->memoryUse();
      EXPECT_EQ(use.state, budget.state);
      EXPECT_EQ(use.scratch, budget.scratch);
      EXPECT_EQ(use.host, budget.host);
      EXPECT_EQ(use.workspace, budget.workspacePerWorker * session->threads());
    }
}

// Logits are those of the plain loop, however the prompt is cut and whatever
// the number of workers.
TEST(SessionTest, logitsDependNeitherOnChunksNorOnThreads) {
  TinyPlan plan;
  for (uint32_t threads : {1u, 2u}) {
    std::unique_ptr<Session> session = open(plan, {.threads = threads});
    for (uint32_t chunk : {1u, 3u, 7u, kChunk}) {
      std::vector<std::vector<float>> logits = prefilled(*session, chunk);
      ASSERT_EQ(logits.size(), kPrompt.size());
      for (size_t t = 0; t < kPrompt.size(); ++t)
        EXPECT_EQ(logits[t], tinyLogits(std::span(kPrompt).first(t + 1)));
    }
  }
}

// Sequences of one run do not see each other, and pages that others have used
// are as good as new ones.
TEST(SessionTest, sequencesOfARunAreApart) {
  TinyPlan plan;
  std::unique_ptr<Session> session = open(plan);
  prefilled(*session, 5); // leaves its rows behind
  std::vector<uint32_t> a = {1, 2, 3}, b = {4}, c = {6, 7};
  SequenceId ids[] = {*session->addSequence(8), *session->addSequence(8),
                      *session->addSequence(8)};
  SequenceTokens run[] = {{ids[0], a}, {ids[1], b}, {ids[2], c}};
  ASSERT_TRUE(session->prefill(run));
  std::vector<uint32_t> rows = {5, 2};
  EXPECT_TRUE(session->head(rows));
  EXPECT_EQ(listed(session->logits(0)), tinyLogits(c));
  EXPECT_EQ(listed(session->logits(1)), tinyLogits(a));
  uint32_t next = 9;
  SequenceTokens step[] = {{ids[2], {&next, 1}}, {ids[1], {&next, 1}}};
  ASSERT_TRUE(session->decode(step));
  EXPECT_TRUE(session->head(std::vector<uint32_t>{0, 1}));
  EXPECT_EQ(listed(session->logits(0)),
            tinyLogits(std::vector<uint32_t>{6, 7, 9}));
  EXPECT_EQ(listed(session->logits(1)),
            tinyLogits(std::vector<uint32_t>{4, 9}));
}

// A run that cannot be is refused, and the sequence goes on as if nothing had
// happened.
TEST(SessionTest, refusedRunsChangeNothing) {
  TinyPlan plan;
  std::unique_ptr<Session> session = open(plan, {.threads = 1, .chunk = 4});
  SequenceId sequence = *session->addSequence(5);
  auto prefill = [&](std::vector<uint32_t> tokens) {
    SequenceTokens run{sequence, tokens};
    return session->prefill({&run, 1});
  };
  ASSERT_TRUE(prefill({3, 4}));
  EXPECT_EQ(prefill({1, kVocab}).errors()[0].code, ErrorCode::TokenOutOfRange);
  EXPECT_EQ(prefill({1, 2, 3, 4}).errors()[0].code,
            ErrorCode::ContextExceeded); // of five reserved, two are used
  EXPECT_EQ(prefill({}).errors()[0].code, ErrorCode::PromptEmpty);
  EXPECT_EQ(session->states().length(sequence), 2u);
  ASSERT_TRUE(prefill({5, 6, 7}));
  EXPECT_TRUE(session->head(std::vector<uint32_t>{2}));
  EXPECT_EQ(listed(session->logits(0)),
            tinyLogits(std::vector<uint32_t>{3, 4, 5, 6, 7}));
  SequenceId other = *session->addSequence(8);
  SequenceTokens run{other, std::span(kPrompt).first(5)};
  EXPECT_EQ(session->prefill({&run, 1}).exit(), Exit::Limit);
}

// A smaller chunk is taken as asked for, a larger one becomes the plan's.
TEST(SessionTest, chunkIsAtMostThePlans) {
  TinyPlan plan;
  EXPECT_EQ(open(plan)->chunk(), kChunk);
  EXPECT_EQ(open(plan, {.threads = 1, .chunk = 3})->chunk(), 3u);
  EXPECT_EQ(open(plan, {.threads = 1, .chunk = 99})->chunk(), kChunk);
}

// Taps give the values of the last prefill, by layer; a plan without them gives
// none.
TEST(SessionTest, tapsGiveValuesByLayer) {
  TinyPlan plan(true);
  std::unique_ptr<Session> session = open(plan);
  SequenceId sequence = *session->addSequence(kContext);
  std::span<const uint32_t> tokens = std::span(kPrompt).first(6);
  SequenceTokens run{sequence, tokens};
  ASSERT_TRUE(session->prefill({&run, 1}));
  for (uint32_t layer = 0; layer <= kLayers; ++layer) {
    std::vector<uint64_t> values = tinyValues(tokens, layer);
    std::span<const float> hidden = session->hiddenTap(layer);
    ASSERT_EQ(hidden.size(), tokens.size() * kHidden);
    for (size_t i = 0; i < hidden.size(); ++i)
      EXPECT_EQ(hidden[i],
                tinyHidden(values[i / kHidden], uint32_t(i % kHidden)));
    if (layer == kLayers)
      continue;
    std::span<const uint32_t> experts = session->expertsTap(layer);
    ASSERT_EQ(experts.size(), tokens.size());
    for (size_t t = 0; t < tokens.size(); ++t)
      EXPECT_EQ(experts[t], tinyExpert(values[t]));
  }
  TinyPlan bare;
  EXPECT_TRUE(open(bare)->hiddenTap(0).empty());
  EXPECT_TRUE(open(bare)->expertsTap(0).empty());
}

} // namespace
