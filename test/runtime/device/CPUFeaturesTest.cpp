// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/device/CPUFeatures.h"
#include "runtime/device/ChooseLevel.h"
#include "runtime/plan/Verify.h"
#include "test/runtime/plan/TinyPlan.h"
#include <fstream>
#include <gtest/gtest.h>
#include <string>

namespace ds::rt::test {
namespace {

/// The flags Linux lists for the first CPU, with a space at both ends.
std::string flagsOfLinux() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("flags"))
      return line.substr(line.find(':') + 1) + " ";
  return "";
}

// What is found is what Linux finds, name for name.
TEST(CPUFeatures, AgreeWithLinux) {
  std::string flags = flagsOfLinux();
  if (flags.empty())
    GTEST_SKIP() << "no flags in /proc/cpuinfo";
  CPUFeatures features = CPUFeatures::host();
  for (const char *name : {
#define FEATURE(name, leaf, subleaf, register, bit, saved) #name,
#include "runtime/device/CPUFeatures.def"
       })
    EXPECT_EQ(features.has(name),
              flags.find(" " + std::string(name) + " ") != flags.npos)
        << name;
}

// A name that nobody knows is missing, never taken for granted.
TEST(CPUFeatures, UnknownNamesAreMissing) {
  EXPECT_EQ(CPUFeatures::host().missing("avx9000"), "avx9000");
}

// Missing features come in the order they were asked for.
TEST(CPUFeatures, NameWhatIsMissing) {
  CPUFeatures features("avx avx2");
  EXPECT_EQ(features.missing("avx512f  avx2 fma"), "avx512f, fma");
  EXPECT_EQ(features.missing("avx2 avx"), "");
  EXPECT_EQ(features.missing(""), "");
}

class ChooseLevel : public testing::Test {
protected:
  /// Of a plan with level avx512bf16 (avx2 avx512f avx512_bf16), then avx2
  /// (avx2 fma).
  Result<uint32_t> choose(const char *usable, const char *disabled = "",
                          const char *wanted = "") {
    return chooseLevel(*verifyPlan(plan_, "plan.bin"),
                       CPUFeatures(usable, disabled), "plan.bin", wanted);
  }

private:
  std::vector<uint8_t> plan_ = tinyPlan();
};

// The first level that fits is taken.
TEST_F(ChooseLevel, TakesTheBestThatFits) {
  EXPECT_EQ(*choose("avx2 fma avx512f avx512_bf16"), 0u);
  EXPECT_EQ(*choose("avx2 fma avx512f"), 1u);
  EXPECT_EQ(*choose("avx2 fma avx512f avx512_bf16", "", "avx2"), 1u);
}

// A CPU that fits no level is told what it lacks, with status 8.
TEST_F(ChooseLevel, NamesMissingFeatures) {
  Result<uint32_t> level = choose("avx2");
  ASSERT_FALSE(level);
  Status status = level.takeStatus();
  EXPECT_EQ(status.exit(), Exit::Unfit);
  EXPECT_EQ(status.errors()[0].message(),
            "error[E700]: plan.bin: code of level avx2 needs fma, which this "
            "CPU lacks");
}

// What is there but switched off is said to be switched off.
TEST_F(ChooseLevel, TellsDisabledFromMissing) {
  Result<uint32_t> level = choose("", "avx2 fma avx512f");
  ASSERT_FALSE(level);
  Status status = level.takeStatus();
  EXPECT_EQ(status.exit(), Exit::Unfit);
  EXPECT_EQ(status.errors()[0].message(),
            "error[E701]: plan.bin: code of level avx2 needs avx2, fma, "
            "present but not enabled by the operating system");
}

// Code for another architecture is refused before any feature is looked at.
TEST_F(ChooseLevel, NamesAnotherArchitecture) {
  std::vector<uint8_t> plan = tinyPlan();
  Result<uint32_t> level =
      chooseLevel(*verifyPlan(plan, "plan.bin"),
                  CPUFeatures("asimd", "", "aarch64"), "plan.bin", "");
  ASSERT_FALSE(level);
  Status status = level.takeStatus();
  EXPECT_EQ(status.exit(), Exit::Unfit);
  EXPECT_EQ(status.errors()[0].message(),
            "error[E712]: plan.bin: processor architecture: found aarch64, "
            "expected x86-64");
}

// A level that the plan does not have is a mistake in the command.
TEST_F(ChooseLevel, NamesTheLevelsThereAre) {
  Result<uint32_t> level = choose("avx2 fma", "", "sse");
  ASSERT_FALSE(level);
  Status status = level.takeStatus();
  EXPECT_EQ(status.exit(), Exit::Usage);
  EXPECT_EQ(status.errors()[0].expected, "one of avx512bf16, avx2");
}

} // namespace
} // namespace ds::rt::test
