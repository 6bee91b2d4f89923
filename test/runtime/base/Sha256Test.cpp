// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/base/Sha256.h"
#include <gtest/gtest.h>

namespace {

std::string digestOf(std::string_view text) {
  ds::Sha256 sha;
  sha.update(text);
  return ds::hexOf(sha.finish());
}

/// Every test runs with the CPU's instructions and with the portable code.
class Sha256Test : public testing::TestWithParam<bool> {
protected:
  void SetUp() override { ds::Sha256::allowInstructions(GetParam()); }
  void TearDown() override { ds::Sha256::allowInstructions(true); }
};
INSTANTIATE_TEST_SUITE_P(Code, Sha256Test, testing::Bool(), [](auto &info) {
  return info.param ? "Instructions" : "Portable";
});

// The example digests that NIST publishes for SHA-256.
TEST_P(Sha256Test, GivesThePublishedDigests) {
  EXPECT_EQ(
      digestOf(""),
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(
      digestOf("abc"),
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(
      digestOf("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(
      digestOf("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
               "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu"),
      "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
  EXPECT_EQ(
      digestOf(std::string(1000000, 'a')),
      "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

// The digest does not depend on how the bytes are cut into updates.
TEST_P(Sha256Test, IsTheSameForEveryCut) {
  std::string text;
  for (int i = 0; i < 200; ++i)
    text += char(i * 7);
  std::string whole = digestOf(text);
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    ds::Sha256 sha;
    sha.update(text.substr(0, cut));
    sha.update(text.substr(cut));
    EXPECT_EQ(ds::hexOf(sha.finish()), whole) << "cut at " << cut;
  }
}

// Both codes agree at every length around the padding's boundaries.
TEST(Sha256AgreementTest, OfPortableCodeAndInstructions) {
  for (size_t length = 0; length < 260; ++length) {
    std::string text(length, char(length));
    ds::Sha256::allowInstructions(false);
    std::string portable = digestOf(text);
    ds::Sha256::allowInstructions(true);
    EXPECT_EQ(digestOf(text), portable) << length << " bytes";
  }
}

} // namespace
