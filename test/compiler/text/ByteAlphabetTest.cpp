// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/text/ByteAlphabet.h"
#include <gtest/gtest.h>
#include <set>

namespace ds {
namespace {

TEST(ByteAlphabet, has_one_letter_for_each_byte) {
  std::set<std::string> letters;
  for (uint32_t byte = 0; byte < 256; ++byte) {
    std::string letter = letterOfByte(uint8_t(byte));
    letters.insert(letter);
    EXPECT_EQ(bytesOfLetters(letter), std::string(1, char(byte)));
  }
  EXPECT_EQ(letters.size(), 256u);
}

TEST(ByteAlphabet, spells_as_published) {
  EXPECT_EQ(letterOfByte(' '), "Ġ");
  EXPECT_EQ(letterOfByte('\n'), "Ċ");
  EXPECT_EQ(letterOfByte('!'), "!");
  EXPECT_EQ(letterOfByte(0xe4), "ä");
  EXPECT_EQ(letterOfByte(0xad), "Ń"); // soft hyphen, the last one moved
}

TEST(ByteAlphabet, refuses_other_characters) {
  for (std::string_view other : {" ", "\n", "｜", "a\u00a0", "\u0144", "🙂"})
    EXPECT_EQ(bytesOfLetters(other), std::nullopt) << other;
}

} // namespace
} // namespace ds
