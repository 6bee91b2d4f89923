// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/device/Memory.h"
#include <algorithm>
#include <gtest/gtest.h>

namespace ds::rt::test {
namespace {

// Memory is zeroed, aligned, writable to the last byte, and of the size asked
// for.
TEST(Memory, IsWhatWasAskedFor) {
  for (uint64_t bytes : {1ull, 4096ull, 5000ull, (2ull << 20) - 1, 2ull << 20,
                         (5ull << 20) + 17}) {
    Result<Memory> memory = Memory::allocate(bytes);
    ASSERT_TRUE(memory);
    EXPECT_EQ(memory->size(), bytes);
    uint64_t alignment = bytes < (2u << 20) ? 4096 : 2u << 20;
    EXPECT_EQ(uintptr_t(memory->data()) % alignment, 0u) << bytes;
    EXPECT_TRUE(std::all_of(memory->data(), memory->data() + bytes,
                            [](std::byte b) { return b == std::byte(0); }));
    std::fill_n(memory->data(), bytes, std::byte(0xFF));
  }
}

// Nothing is a size too.
TEST(Memory, CanBeEmpty) {
  Result<Memory> memory = Memory::allocate(0);
  ASSERT_TRUE(memory);
  EXPECT_EQ(memory->size(), 0u);
}

// Moving moves the memory and leaves none behind.
TEST(Memory, Moves) {
  Memory first = std::move(*Memory::allocate(100));
  std::byte *data = first.data();
  Memory second = std::move(first);
  EXPECT_EQ(second.data(), data);
  EXPECT_EQ(first.data(), nullptr);
  second = std::move(*Memory::allocate(200));
  EXPECT_EQ(second.size(), 200u);
}

// What no machine has is an error that names the size.
TEST(Memory, NamesWhatItCannotGet) {
  for (uint64_t bytes : {uint64_t(1) << 60, UINT64_MAX}) {
    Result<Memory> memory = Memory::allocate(bytes);
    ASSERT_FALSE(memory);
    Status status = memory.takeStatus();
    EXPECT_EQ(status.exit(), Exit::Limit);
    EXPECT_NE(status.text("").find(std::to_string(bytes)), std::string::npos);
  }
}

} // namespace
} // namespace ds::rt::test
