// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/dsc/MachineMemory.h"
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <unistd.h>

using namespace ds;
namespace fs = std::filesystem;

namespace {

constexpr uint64_t kGiB = uint64_t(1) << 30;

/// A folder that stands for / of some machine.
class MachineMemoryTest : public testing::Test {
protected:
  void SetUp() override {
    root_ = testing::TempDir() + "memory-XXXXXX";
    ASSERT_NE(::mkdtemp(root_.data()), nullptr);
    write("/proc/meminfo", "MemTotal:       67108864 kB\n"
                           "MemFree:         1048576 kB\n"
                           "MemAvailable:   33554432 kB\n");
  }
  void TearDown() override { fs::remove_all(root_); }
  void write(const std::string &path, const std::string &text) {
    fs::create_directories(fs::path(root_ + path).parent_path());
    std::ofstream(root_ + path) << text;
  }
  std::string root_;
};

// Without a limit the machine's own memory is what there is.
TEST_F(MachineMemoryTest, noLimit) {
  EXPECT_EQ(availableMemory(root_).total, 64 * kGiB);
  EXPECT_EQ(availableMemory(root_).available, 32 * kGiB);
  write("/sys/fs/cgroup/memory.max", "max\n");
  write("/sys/fs/cgroup/memory.current", "123456\n");
  EXPECT_EQ(availableMemory(root_).total, 64 * kGiB);
  EXPECT_EQ(availableMemory(root_).available, 32 * kGiB);
}

// A container's limit is what there is, and what it uses is taken.
TEST_F(MachineMemoryTest, limit) {
  write("/sys/fs/cgroup/memory.max", std::to_string(8 * kGiB) + "\n");
  write("/sys/fs/cgroup/memory.current", std::to_string(3 * kGiB) + "\n");
  EXPECT_EQ(availableMemory(root_).total, 8 * kGiB);
  EXPECT_EQ(availableMemory(root_).available, 5 * kGiB);
  write("/sys/fs/cgroup/memory.current", std::to_string(9 * kGiB) + "\n");
  EXPECT_EQ(availableMemory(root_).available, 0u);
}

// A limit above what the machine has limits nothing.
TEST_F(MachineMemoryTest, wideLimit) {
  write("/sys/fs/cgroup/memory.max", std::to_string(128 * kGiB) + "\n");
  EXPECT_EQ(availableMemory(root_).total, 64 * kGiB);
  EXPECT_EQ(availableMemory(root_).available, 32 * kGiB);
}

// A system that says nothing is not one without memory: the caller sees 0.
TEST_F(MachineMemoryTest, unknown) {
  fs::remove(root_ + "/proc/meminfo");
  EXPECT_EQ(availableMemory(root_).total, 0u);
}

} // namespace
