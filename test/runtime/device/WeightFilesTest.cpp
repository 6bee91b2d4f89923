// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/device/WeightFiles.h"
#include "test/runtime/plan/TemporaryFolder.h"
#include "test/runtime/plan/TinyPlan.h"
#include <cstring>
#include <filesystem>
#include <gtest/gtest.h>

namespace ds::rt::test {
namespace {

constexpr const char *kShard = "model/weights.safetensors";

/// A folder with plan.bin and the shard it refers to.
class WeightFilesTest : public testing::Test {
protected:
  WeightFilesTest() {
    folder_.write("plan.bin", tinyPlan({.hasData = true}));
    folder_.write(kShard, tinyShard());
    Result<PlanFile> plan = PlanFile::open(folder_.path("plan.bin"));
    if (plan)
      plan_.emplace(std::move(*plan));
  }

  Status open(const std::string &folder = "") {
    Result<WeightFiles> files = WeightFiles::open(*plan_, folder);
    return files ? Status() : files.takeStatus();
  }

  TemporaryFolder folder_;
  std::optional<PlanFile> plan_;
};

// Every weight is found, in its shard, in the plan's constants and in DATA.
TEST_F(WeightFilesTest, FindsEveryWeight) {
  Result<WeightFiles> files = WeightFiles::open(*plan_);
  ASSERT_TRUE(files) << files.takeStatus().text("test");
  std::span<const WeightRecord> weights = plan_->view().weights;
  std::vector<uint8_t> shard = tinyShard();
  EXPECT_EQ(std::memcmp(files->address(weights[0]),
                        shard.data() + weights[0].offset, weights[0].size),
            0);
  const uint8_t constant[] = {1, 2, 3, 0};
  EXPECT_EQ(std::memcmp(files->address(weights[1]), constant, 4), 0);
  const uint8_t data[] = {9, 8, 7, 6};
  EXPECT_EQ(std::memcmp(files->address(weights[2]), data, 4), 0);
  EXPECT_EQ(files->mappedBytes(), shard.size() + 4);
}

// Weights that moved are found where the user says.
TEST_F(WeightFilesTest, LooksElsewhereWhenTold) {
  std::filesystem::rename(folder_.path("model"), folder_.path("elsewhere"));
  EXPECT_EQ(open().exit(), Exit::InputOutput);
  EXPECT_TRUE(open(folder_.path("elsewhere")));
}

// A missing shard is named with its place, and the way out.
TEST_F(WeightFilesTest, NamesAMissingShard) {
  std::filesystem::remove(folder_.path(kShard));
  Status status = open();
  EXPECT_EQ(status.exit(), Exit::InputOutput);
  EXPECT_EQ(status.errors()[0].code, ErrorCode::ShardAbsent);
  EXPECT_EQ(status.errors()[0].file, folder_.path(kShard));
  EXPECT_NE(status.text("").find("--weights"), std::string::npos);
}

// A shard of another size is refused with both sizes.
TEST_F(WeightFilesTest, RefusesAnotherSize) {
  std::vector<uint8_t> shard = tinyShard();
  shard.push_back(0);
  folder_.write(kShard, shard);
  Status status = open();
  EXPECT_EQ(status.exit(), Exit::Rejected);
  EXPECT_EQ(status.errors()[0].found, std::to_string(shard.size()));
  EXPECT_EQ(status.errors()[0].expected, std::to_string(shard.size() - 1));
}

// A shard with any other byte in its header is refused.
TEST_F(WeightFilesTest, RefusesAnotherHeader) {
  for (size_t i = 0; i < tinyShardHeader(); ++i) {
    std::vector<uint8_t> shard = tinyShard();
    shard[i] ^= 1;
    folder_.write(kShard, shard);
    Status status = open();
    ASSERT_FALSE(status) << i;
    EXPECT_EQ(status.errors()[0].code, ErrorCode::ShardChanged) << i;
    EXPECT_EQ(status.exit(), Exit::Rejected);
  }
}

// Something that is no file in a shard's place is said to be none.
TEST_F(WeightFilesTest, RefusesAFolderForAShard) {
  std::filesystem::remove(folder_.path(kShard));
  std::filesystem::create_directory(folder_.path(kShard));
  EXPECT_EQ(open().errors()[0].code, ErrorCode::ShardUnreadable);
}

} // namespace
} // namespace ds::rt::test
