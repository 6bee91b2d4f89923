// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/device/CodeImage.h"
#include "runtime/plan/Verify.h"
#include "test/runtime/plan/TinyPlan.h"
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace ds::rt::test {
namespace {

/// Protections of the memory, in the order of addresses: "r-xp r--p".
std::string protectionsOf(std::span<const std::byte> memory) {
  uintptr_t first = uintptr_t(memory.data()), end = first + memory.size();
  std::ifstream maps("/proc/self/maps");
  std::string found;
  for (std::string line; std::getline(maps, line);) {
    unsigned long from, to;
    char flags[8];
    if (std::sscanf(line.c_str(), "%lx-%lx %4s", &from, &to, flags) == 3 &&
        from < end && to > first)
      found += (found.empty() ? "" : " ") + std::string(flags);
  }
  return found;
}

#if defined(__x86_64__)
// At 0, a RunFunction that stores tileEnd - tileBegin at operand 0; at 16, a
// TilesFunction that returns the word at the second page.
std::vector<uint8_t> storeImage() {
  const uint8_t run[] = {0x48, 0x8B, 0x47, 0x08, // mov rax, [rdi + 8]
                         0x48, 0x8B, 0x00,       // mov rax, [rax]
                         0x29, 0xF2,             // sub edx, esi
                         0x89, 0x10,             // mov [rax], edx
                         0xC3};                  // ret
  uint8_t tiles[] = {0x8B, 0x05, 0, 0, 0, 0,     // mov eax, [rip + x]
                     0xC3};                      // ret
  uint32_t distance = kPage - (16 + 6);
  std::memcpy(tiles + 2, &distance, 4);
  std::vector<uint8_t> image(kPage + 4);
  std::ranges::copy(run, image.begin());
  std::ranges::copy(tiles, image.begin() + 16);
  uint32_t word = 0x12345678;
  std::memcpy(image.data() + kPage, &word, 4);
  return image;
}

// Code runs where it was copied to, and finds its read-only data.
TEST(CodeImage, Runs) {
  Result<CodeImage> code = CodeImage::load(storeImage(), 23, kPage);
  ASSERT_TRUE(code) << code.takeStatus().text("test");
  uint32_t stored = 0;
  void *operands[] = {&stored};
  Call call{.batch = nullptr, .operands = operands, .workspace = nullptr};
  code->entry<RunFunction>(0)(&call, 10, 52);
  EXPECT_EQ(stored, 42u);
  Batch batch{};
  EXPECT_EQ(code->entry<TilesFunction>(16)(&batch), 0x12345678u);
}

// An image of a plan runs through its kernel record.
TEST(CodeImage, RunsFromAPlan) {
  std::vector<uint8_t> bytes = tinyPlan();
  Result<PlanView> plan = verifyPlan(bytes, "plan.bin");
  ASSERT_TRUE(plan);
  Result<CodeImage> code = CodeImage::load(*plan, plan->images[1]);
  ASSERT_TRUE(code);
  Batch batch{};
  EXPECT_EQ(code->entry<TilesFunction>(plan->kernels[1].tiles)(&batch), 3u);
}

// Nothing of a loaded image can be written, and data cannot be executed.
TEST(CodeImage, IsNeverWritable) {
  Result<CodeImage> code = CodeImage::load(storeImage(), 23, kPage);
  ASSERT_TRUE(code);
  EXPECT_EQ(protectionsOf(code->bytes()), "r-xp r--p");
  CodeImage moved = std::move(*code);
  auto *first = const_cast<std::byte *>(moved.bytes().data());
  EXPECT_DEATH(*static_cast<volatile std::byte *>(first) = std::byte(0x90), "");
}
#endif

// An image without read-only data is all code.
TEST(CodeImage, NeedsNoData) {
  const std::vector<uint8_t> image = {0xC3};
  Result<CodeImage> code = CodeImage::load(image, 1, kPage);
  ASSERT_TRUE(code);
  EXPECT_EQ(protectionsOf(code->bytes()), "r-xp");
}

// Parts that do not fit together never become executable.
TEST(CodeImage, RefusesPartsThatDoNotFit) {
  const std::vector<uint8_t> image(kPage + 8);
  EXPECT_FALSE(CodeImage::load(image, kPage + 1, kPage));
  EXPECT_FALSE(CodeImage::load(image, 16, 64));
  EXPECT_FALSE(CodeImage::load(image, 16, 3 * kPage));
}

} // namespace
} // namespace ds::rt::test
