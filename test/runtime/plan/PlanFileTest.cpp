// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/plan/PlanFile.h"
#include "test/runtime/plan/TemporaryFolder.h"
#include "test/runtime/plan/TinyPlan.h"
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ds::rt::test {
namespace {

Exit exitOf(Result<PlanFile> plan) {
  return plan ? Exit::Success : plan.takeStatus().exit();
}

// An open plan does not see what happens to its file, and moving it is safe.
TEST(PlanFile, IsACopy) {
  TemporaryFolder folder;
  std::string path = folder.write("plan.bin", tinyPlan());
  Result<PlanFile> plan = PlanFile::open(path);
  ASSERT_TRUE(plan) << plan.takeStatus().text("test");
  folder.write("plan.bin", std::vector<uint8_t>(tinyPlan().size(), 0xEE));
  PlanFile moved = std::move(*plan);
  EXPECT_STREQ(moved.view().string(moved.view().states[0].name), "latent");
  EXPECT_EQ(uintptr_t(moved.view().constants.data()) % 64, 0u);
}

// DATA stays in the file.
TEST(PlanFile, LeavesDataInTheFile) {
  TemporaryFolder folder;
  std::string path = folder.write("plan.bin", tinyPlan({.hasData = true}));
  Result<PlanFile> plan = PlanFile::open(path);
  ASSERT_TRUE(plan) << plan.takeStatus().text("test");
  EXPECT_TRUE(plan->view().data.empty());
  EXPECT_EQ(plan->view().dataSize, 4u);
}

// Weights lie where the plan says, seen from the plan's folder.
TEST(PlanFile, FindsWeightsFromItsFolder) {
  TemporaryFolder folder;
  std::string path =
      folder.write("plan.bin", tinyPlan({.weightsFolder = "../model"}));
  Result<PlanFile> plan = PlanFile::open(path);
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->weightsFolder(), folder.path("../model"));
  folder.write("plan.bin", tinyPlan({.weightsFolder = ""}));
  EXPECT_EQ(PlanFile::open(path)->weightsFolder(), folder.path("."));
}

// A link to a plan elsewhere finds the weights that the plan itself finds.
TEST(PlanFile, FindsWeightsThroughALink) {
  TemporaryFolder folder;
  std::string path =
      folder.write("plans/plan.bin", tinyPlan({.weightsFolder = "../model"}));
  std::string link = folder.path("link");
  ASSERT_EQ(::symlink("plans/plan.bin", link.c_str()), 0);
  Result<PlanFile> plan = PlanFile::open(link);
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->path(), link);
  EXPECT_EQ(std::filesystem::weakly_canonical(plan->weightsFolder()),
            std::filesystem::weakly_canonical(folder.path("model")));
}

// What is no readable plan is refused with the fitting status.
TEST(PlanFile, RefusesWhatIsNoPlan) {
  TemporaryFolder folder;
  EXPECT_EQ(exitOf(PlanFile::open(folder.path("none"))), Exit::InputOutput);
  EXPECT_EQ(exitOf(PlanFile::open(folder.path(""))), Exit::InputOutput);
  EXPECT_EQ(exitOf(PlanFile::open(folder.write("empty", {}))), Exit::Rejected);
  std::vector<uint8_t> plan = tinyPlan();
  plan[5000] ^= 1;
  EXPECT_EQ(exitOf(PlanFile::open(folder.write("damaged", plan))),
            Exit::Rejected);
  EXPECT_EQ(
      exitOf(PlanFile::open(folder.write("cut", std::span(plan).first(100)))),
      Exit::Rejected);
}

// A FIFO is refused without waiting for a writer.
TEST(PlanFile, DoesNotWaitForAFIFO) {
  TemporaryFolder folder;
  ASSERT_EQ(::mkfifo(folder.path("pipe").c_str(), 0600), 0);
  Result<PlanFile> plan = PlanFile::open(folder.path("pipe"));
  ASSERT_FALSE(plan);
  EXPECT_NE(plan.takeStatus().text("").find("found a FIFO"), std::string::npos);
}

} // namespace
} // namespace ds::rt::test
