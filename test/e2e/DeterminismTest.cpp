// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Logits of a compiled model are the same bits however the work is cut: by
// threads, by chunks of the prompt, by the company of other sequences; at every
// level of the plan that this CPU has.
#include "runtime/exec/Session.h"
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <gtest/gtest.h>
#include <numeric>

using namespace ds;
using namespace ds::rt;

namespace {

using Logits = std::vector<float>; // [tokens, vocabSize]

/// Not ==, for which -0 is 0 and a NaN is unlike itself.
bool sameBits(const Logits &a, const Logits &b) {
  return a.size() == b.size() &&
         std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

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
    const char *tokens = std::getenv("DS_TEST_TOKENS");
    ASSERT_TRUE(path && tokens)
        << "DS_TEST_PLAN names the plan, DS_TEST_TOKENS the longest prompt";
    longest_ = uint32_t(std::atoi(tokens));
    Result<PlanFile> opened = PlanFile::open(path);
    ASSERT_TRUE(opened);
    plan_.emplace(std::move(*opened));
    ASSERT_GT(longest_, plan_->view().model[0].pageTokens);
    for (const LevelRecord &level : plan_->view().levels)
      addLevel(plan_->view().string(level.name));
    ASSERT_FALSE(levels_.empty());
  }

  void addLevel(const char *level) {
    auto session = Session::create(*plan_, {.threads = 1, .level = level});
    if (session)
      return levels_.push_back(level);
    Status refusal = session.takeStatus();
    ASSERT_EQ(refusal.exit(), Exit::Unfit) << refusal.text(level);
    std::printf("%s: not on this CPU\n", level);
  }

  std::unique_ptr<Session> session(const std::string &level, uint32_t threads,
                                   uint32_t chunk = 0) {
    return std::move(*Session::create(
        *plan_, {.threads = threads, .chunk = chunk, .level = level}));
  }

  std::optional<PlanFile> plan_;
  std::vector<std::string> levels_; // those that run here
  uint32_t longest_ = 0;            // prompt, tokens; more than a page
};

/// Adds the logits of `count` tokens of the last run, from `first` on.
void collect(Session &session, uint32_t first, uint32_t count, Logits &to) {
  std::vector<uint32_t> rows(count);
  std::iota(rows.begin(), rows.end(), first);
  for (std::span<const uint32_t> rest = rows; !rest.empty();) {
    uint32_t run = std::min(uint32_t(rest.size()), session.model().headRows);
    ASSERT_TRUE(session.head(rest.first(run)));
    for (uint32_t i = 0; i < run; ++i) {
      std::span<const float> logits = session.logits(i);
      to.insert(to.end(), logits.begin(), logits.end());
    }
    rest = rest.subspan(run);
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
  std::vector<uint32_t> prompt = tokens(longest_, 3), generated = tokens(20, 5);
  for (const std::string &level : levels_) {
    Logits one = alone(*session(level, 1), prompt, generated);
    for (uint32_t threads : {2u, 3u})
      EXPECT_TRUE(
          sameBits(alone(*session(level, threads), prompt, generated), one))
          << level << ", threads: " << threads;
  }
}

// A prompt in chunks of any size, page borders inside a chunk or between two.
TEST_F(Determinism, ofChunks) {
  std::vector<uint32_t> prompt = tokens(longest_, 7), generated = tokens(5, 1);
  for (const std::string &level : levels_) {
    Logits whole = alone(*session(level, 1), prompt, generated);
    for (uint32_t chunk : {1u, 7u, 16u, 64u, longest_ - 1})
      EXPECT_TRUE(
          sameBits(alone(*session(level, 2, chunk), prompt, generated), whole))
          << level << ", chunk: " << chunk;
  }
}

// A sequence among others: in a ragged prefill, and in every decode.
TEST_F(Determinism, ofCompany) {
  const uint32_t lengths[] = {1, longest_ / 2 + 2, 13,
                              plan_->view().model[0].pageTokens, longest_ - 2};
  constexpr uint32_t kGenerated = 9;
  std::vector<std::vector<uint32_t>> prompts, generated;
  for (uint32_t length : lengths) {
    prompts.push_back(tokens(length, length));
    generated.push_back(tokens(kGenerated, length + 1));
  }
  for (const std::string &level : levels_) {
    std::unique_ptr<Session> shared = session(level, 2);
    std::vector<SequenceTokens> run;
    for (const std::vector<uint32_t> &prompt : prompts)
      run.push_back(
          {*shared->addSequence(uint32_t(prompt.size()) + kGenerated), prompt});
    std::vector<Logits> found(prompts.size());
    ASSERT_TRUE(shared->prefill(run));
    for (uint32_t i = 0, first = 0; i < run.size(); first += lengths[i++])
      collect(*shared, first, lengths[i], found[i]);
    for (uint32_t step = 0; step < kGenerated; ++step) {
      for (uint32_t i = 0; i < run.size(); ++i)
        run[i].tokens = std::span(generated[i]).subspan(step, 1);
      ASSERT_TRUE(shared->decode(run));
      for (uint32_t i = 0; i < run.size(); ++i)
        collect(*shared, i, 1, found[i]);
    }
    std::unique_ptr<Session> own = session(level, 1);
    for (uint32_t i = 0; i < run.size(); ++i)
      EXPECT_TRUE(sameBits(found[i], alone(*own, prompts[i], generated[i])))
          << level << ", sequence: " << i;
  }
}

} // namespace
