// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/plan/Verify.h"
#include "test/runtime/plan/TinyPlan.h"
#include <gtest/gtest.h>

namespace ds::rt::test {
namespace {

/// The code of the first error, or 0.
ErrorCode refusal(std::span<const uint8_t> plan, uint64_t fileSize = 0) {
  Result<PlanView> view =
      verifyPlan(plan, "plan.bin", fileSize ? fileSize : plan.size());
  return view ? ErrorCode(0) : view.takeStatus().errors().front().code;
}

std::vector<uint8_t> resealed(std::vector<uint8_t> plan) {
  sealPlan(plan);
  return plan;
}

// What a plan holds is what was written.
TEST(PlanContainer, GivesBackWhatWasWritten) {
  std::vector<uint8_t> plan = tinyPlan();
  Result<PlanView> view = verifyPlan(plan, "plan.bin");
  ASSERT_TRUE(view) << view.takeStatus().text("test");
  EXPECT_EQ(view->levels.size(), 2u);
  EXPECT_EQ(view->kernelsPerLevel(), 1u);
  EXPECT_STREQ(view->string(view->levels[0].name), "avx512bf16");
  EXPECT_STREQ(view->string(StringRef{}), "");
  EXPECT_EQ(view->model[0].vocabSize, 16u);
  EXPECT_EQ(view->arguments.size(), 15u);
  EXPECT_EQ(view->tokenizer.size(), 5u);
  EXPECT_TRUE(view->chat.empty());
  EXPECT_EQ(view->constants[2], 3);
}

// No byte of a plan, padding included, can change unnoticed.
TEST(PlanContainer, RefusesEveryFlippedByte) {
  std::vector<uint8_t> plan = tinyPlan();
  ASSERT_LE(plan.size(), 64u << 10);
  for (size_t i = 0; i < plan.size(); ++i)
    for (uint8_t flip : {uint8_t(1u << i % 8), uint8_t(0xFF)}) {
      plan[i] ^= flip;
      Result<PlanView> view = verifyPlan(plan, "plan.bin");
      ASSERT_FALSE(view) << "byte " << i;
      // The version's bytes say "another version", all others "damaged".
      ASSERT_EQ(view.takeStatus().exit(),
                i >= 8 && i < 12 ? Exit::Unfit : Exit::Rejected)
          << "byte " << i;
      plan[i] ^= flip;
    }
  EXPECT_TRUE(verifyPlan(plan, "plan.bin"));
}

// A plan that ends early is refused wherever it ends.
TEST(PlanContainer, RefusesEveryTruncation) {
  std::vector<uint8_t> plan = tinyPlan();
  for (size_t size = 0; size < plan.size(); ++size) {
    ErrorCode expected = size == 0 ? ErrorCode::PlanMagic : ErrorCode::PlanSize;
    ASSERT_EQ(refusal(std::span(plan).first(size)), expected) << size;
  }
}

// Bytes after the end are refused.
TEST(PlanContainer, RefusesBytesAfterTheEnd) {
  std::vector<uint8_t> plan = tinyPlan();
  plan.push_back(0);
  EXPECT_EQ(refusal(plan), ErrorCode::PlanSize);
}

// Another format is named as found, and no plan at all is said to be none.
TEST(PlanContainer, NamesWhatElseAFileIs) {
  std::string text = "PK\x03\x04 something else that is long enough to be more";
  std::vector<uint8_t> zip(text.begin(), text.end());
  Result<PlanView> view = verifyPlan(zip, "plan.bin");
  ASSERT_FALSE(view);
  EXPECT_EQ(view.takeStatus().text("dsrun"),
            "dsrun: error[E601]: plan.bin: found \"PK\\x03\\x04 som\", "
            "expected a dsc plan\n");
}

// Another version is refused with both versions and status 8.
TEST(PlanContainer, RefusesOtherVersions) {
  for (auto [major, minor] : {std::pair{0, 0}, {2, 0}, {1, 1}}) {
    std::vector<uint8_t> plan = tinyPlan();
    auto &header = *reinterpret_cast<PlanHeader *>(plan.data());
    header.major = uint16_t(major), header.minor = uint16_t(minor);
    Result<PlanView> view = verifyPlan(resealed(plan), "plan.bin");
    ASSERT_FALSE(view);
    Status status = view.takeStatus();
    EXPECT_EQ(status.exit(), Exit::Unfit);
    EXPECT_EQ(status.errors()[0].message(),
              "error[E602]: plan.bin: plan format: found " +
                  std::to_string(major) + "." + std::to_string(minor) +
                  ", expected 1.0 to 1.0");
  }
}

// A section that a reader may skip is skipped, one that it must know is named.
TEST(PlanContainer, SkipsOnlyWhatItMaySkip) {
  const uint8_t bytes[] = {1, 2, 3};
  std::vector<uint8_t> plan = withSection(tinyPlan(), "XTRA", 0, bytes);
  EXPECT_EQ(refusal(plan), ErrorCode(0));
  plan.back() ^= 1;
  EXPECT_EQ(refusal(plan), ErrorCode::PlanSectionDigest);

  plan = withSection(tinyPlan(), "XTRA", kMustUnderstand, bytes);
  Result<PlanView> view = verifyPlan(plan, "plan.bin");
  ASSERT_FALSE(view);
  Status status = view.takeStatus();
  EXPECT_EQ(status.exit(), Exit::Unfit);
  EXPECT_NE(status.text("").find("XTRA"), std::string::npos);
}

// A missing section is named.
TEST(PlanContainer, NamesAMissingSection) {
  std::vector<uint8_t> plan = tinyPlan();
  SectionEntry &entry = entryIn(plan, "STAT");
  std::ranges::copy(std::string_view("SKIP"), entry.tag);
  entry.flags = 0;
  Result<PlanView> view = verifyPlan(resealed(plan), "plan.bin");
  ASSERT_FALSE(view);
  EXPECT_EQ(view.takeStatus().text("dsrun"),
            "dsrun: error[E608]: plan.bin: section STAT is missing\n");
}

// Sections cannot move, swap, overlap, run out of the file or hide bytes.
TEST(PlanContainer, RefusesEveryOtherTable) {
  using Plan = std::vector<uint8_t>;
  struct Case {
    const char *what;
    void (*change)(Plan &);
  };
  const Case cases[] = {
      {"moved", [](Plan &p) { entryIn(p, "SHRD").offset += 64; }},
      {"misaligned", [](Plan &p) { entryIn(p, "SHRD").offset += 8; }},
      {"shrunk, which leaves a gap",
       [](Plan &p) { entryIn(p, "ARGS").size -= 64; }},
      {"grown into the next", [](Plan &p) { entryIn(p, "ARGS").size += 64; }},
      {"size that overflows",
       [](Plan &p) { entryIn(p, "CODE").size = UINT64_MAX - 64; }},
      {"last one ends early", [](Plan &p) { entryIn(p, "CODE").size -= 1; }},
      {"twice",
       [](Plan &p) {
         std::ranges::copy(std::string_view("TARG"), entryIn(p, "MODL").tag);
       }},
      {"flag that means nothing",
       [](Plan &p) { entryIn(p, "MODL").flags |= 2; }},
      {"required one marked as optional",
       [](Plan &p) { entryIn(p, "MODL").flags = 0; }},
  };
  for (const Case &test : cases) {
    std::vector<uint8_t> plan = tinyPlan();
    test.change(plan);
    sealHeader(plan); // the sections' own digests stay as they are
    EXPECT_EQ(refusal(plan), ErrorCode::PlanTable) << test.what;
  }
}

// A table larger than any plan needs is not even read.
TEST(PlanContainer, LimitsTheTable) {
  std::vector<uint8_t> plan = tinyPlan();
  reinterpret_cast<PlanHeader *>(plan.data())->sections = 70000;
  EXPECT_EQ(refusal(plan), ErrorCode::PlanTable);
}

// A section holds whole records.
TEST(PlanContainer, RefusesHalfARecord) {
  std::vector<uint8_t> plan = tinyPlan();
  entryIn(plan, "TARG").size -= 4;
  EXPECT_EQ(refusal(resealed(plan)), ErrorCode::PlanRecordSize);
}

// A byte between sections is refused even under a right header digest.
TEST(PlanContainer, RefusesHiddenBytes) {
  std::vector<uint8_t> plan = tinyPlan();
  SectionEntry &entry = entryIn(plan, "TOKN");
  ASSERT_NE((entry.offset + entry.size) % 64, 0u);
  plan[entry.offset + entry.size] = 1;
  EXPECT_EQ(refusal(plan), ErrorCode::PlanPadding);
}

// A reader need not hold DATA: the bytes before it are enough.
TEST(PlanContainer, NeedsNoWeightBytes) {
  std::vector<uint8_t> plan = tinyPlan({.hasData = true});
  uint64_t offset = entryIn(plan, "DATA").offset;
  std::span<const uint8_t> before = std::span(plan).first(offset);
  Result<PlanView> view = verifyPlan(before, "plan.bin", plan.size());
  ASSERT_TRUE(view) << view.takeStatus().text("test");
  EXPECT_TRUE(view->data.empty());
  EXPECT_EQ(view->dataOffset, offset);
  EXPECT_EQ(view->dataSize, 4u);
  EXPECT_EQ(refusal(before.first(offset - 1), plan.size()),
            ErrorCode::PlanSize);
  ASSERT_TRUE(verifyPlan(plan, "plan.bin"));
  EXPECT_EQ(verifyPlan(plan, "plan.bin")->data[1], 8);
}

} // namespace
} // namespace ds::rt::test
