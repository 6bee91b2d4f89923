// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/device/ChooseLevel.h"
#include "runtime/plan/Verify.h"
#include "test/runtime/plan/TinyPlan.h"
#include <gtest/gtest.h>

namespace ds::rt::test {
namespace {

/// A plan with code for these capabilities, in this order; not verified.
class GPULevels : public testing::Test {
protected:
  PlanView with(std::vector<const char *> features) {
    levels_.clear();
    for (const char *text : features) {
      auto name = StringRef(uint32_t(strings_.size()));
      strings_ += CUDANeeds::of(text)->capability.name() + '\0';
      auto needs = StringRef(uint32_t(strings_.size()));
      strings_ += std::string(text) + '\0';
      levels_.push_back({name, needs, 0, LevelKind::CUDA});
    }
    PlanView plan;
    plan.levels = levels_;
    plan.strings = strings_;
    return plan;
  }
  Result<uint32_t> choose(std::vector<const char *> features, const char *gpu,
                          int driver = 13000, const char *wanted = "") {
    return chooseGPULevel(with(std::move(features)),
                          *ComputeCapability::of(gpu), driver, "device 0",
                          "plan.bin", wanted);
  }

  std::string strings_ = std::string(1, '\0');
  std::vector<LevelRecord> levels_;
};

TEST_F(GPULevels, TakesTheNearest) {
  EXPECT_EQ(*choose({"8.0", "8.9", "9.0a"}, "8.9"), 1u);
  EXPECT_EQ(*choose({"8.0", "8.9", "9.0a"}, "8.6"), 0u);
  EXPECT_EQ(*choose({"8.0", "8.9", "9.0a"}, "9.0"), 2u);
  EXPECT_EQ(*choose({"9.0", "9.0a"}, "9.0"), 1u);
  EXPECT_EQ(*choose({"9.0a", "9.0"}, "9.0"), 0u);
  EXPECT_EQ(*choose({"8.0", "8.9"}, "8.9", 13000, "sm_80"), 0u);
}

TEST_F(GPULevels, NamesBothSides) {
  Status status = choose({"9.0a"}, "8.9").takeStatus();
  EXPECT_EQ(status.errors()[0].message(),
            "error[E714]: plan.bin: device 0: sm_89, plan has code for sm_90a");
  EXPECT_EQ(status.exit(), Exit::Unfit);
  EXPECT_NE(choose({"9.0a", "10.0a"}, "10.3")
                .takeStatus()
                .text("")
                .find("sm_103, plan has code for sm_90a, sm_100a"),
            std::string::npos);
}

TEST_F(GPULevels, RefusesAnOldDriver) {
  EXPECT_TRUE(choose({"9.0a 12.8"}, "9.0", 12080));
  Status status = choose({"9.0a 12.8"}, "9.0", 12020).takeStatus();
  EXPECT_EQ(status.errors()[0].message(),
            "error[E715]: plan.bin: CUDA version of the driver: found 12.2, "
            "expected 12.8 or later");
  EXPECT_EQ(status.exit(), Exit::Unfit);
}

TEST_F(GPULevels, RefusesAnUnknownLevel) {
  Status status = choose({"8.0", "9.0a"}, "9.0", 13000, "sm_70").takeStatus();
  EXPECT_EQ(status.errors()[0].message(),
            "error[E702]: plan.bin: level: found sm_70, expected one of sm_80, "
            "sm_90a");
  EXPECT_EQ(status.exit(), Exit::Usage);
}

// The emulation runs code for any GPU; what it asks of the CPU is checked.
TEST_F(GPULevels, EmulatesAny) {
  std::vector<uint8_t> bytes = tinyPlan({.kind = LevelKind::CUDAEmulation});
  PlanView plan = *verifyPlan(bytes, "plan.bin");
  CPUFeatures features("avx2");
  EXPECT_EQ(*chooseEmulatedLevel(plan, features, "plan.bin"), 0u);
  EXPECT_EQ(*chooseEmulatedLevel(plan, features, "plan.bin", "sm_80"), 1u);
  EXPECT_EQ(chooseEmulatedLevel(plan, features, "plan.bin", "sm_70")
                .takeStatus()
                .exit(),
            Exit::Usage);
}

} // namespace
} // namespace ds::rt::test
