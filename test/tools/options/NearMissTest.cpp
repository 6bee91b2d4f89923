// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/options/NearMiss.h"
#include <gtest/gtest.h>

using namespace ds;
using namespace ds::options;

namespace {

// Insert, remove, replace and swap neighbours cost one each.
TEST(NearMissTest, editDistance) {
  EXPECT_EQ(editDistance("", ""), 0u);
  EXPECT_EQ(editDistance("", "abc"), 3u);
  EXPECT_EQ(editDistance("chunk", "chunk"), 0u);
  EXPECT_EQ(editDistance("chnuk", "chunk"), 1u);
  EXPECT_EQ(editDistance("chunks", "chunk"), 1u);
  EXPECT_EQ(editDistance("chuck", "chunk"), 1u);
  EXPECT_EQ(editDistance("ca", "abc"), 3u); // no letter moves twice
  EXPECT_EQ(editDistance("kitten", "sitting"), 3u);
}

// The nearest word wins, the first among equals; a word that shares too little
// is none.
TEST(NearMissTest, nearest) {
  std::vector<std::string> words = {"chat", "chunk", "cpu", "temperature"};
  EXPECT_EQ(nearMiss("chnuk", words), "chunk");
  EXPECT_EQ(nearMiss("temp", words), "temperature");
  EXPECT_EQ(nearMiss("te", words), "");
  EXPECT_EQ(nearMiss("frobnicate", words), "");
  EXPECT_EQ(nearMiss("xyz", words), "");
  EXPECT_EQ(nearMiss("", words), "");
  EXPECT_EQ(nearMiss(std::string(1 << 20, 'c'), words), "");
  EXPECT_EQ(nearMiss("bat", std::vector<std::string>{"cat", "hat"}), "cat");
}

// An option is named without its value, and only long ones are offered.
TEST(NearMissTest, unknownOption) {
  std::vector<std::string_view> flags = {"-c,--chunk", "--cpu"};
  Error error = unknownOption("--chnuk=5", flags);
  EXPECT_EQ(error.message(), "error[E100]: --chnuk: unknown option");
  EXPECT_EQ(error.help, "did you mean --chunk?");
  EXPECT_EQ(unknownOption("-cpu", flags).help, "did you mean --cpu?");
  EXPECT_EQ(unknownOption("-x", flags).help, "");
}

} // namespace
