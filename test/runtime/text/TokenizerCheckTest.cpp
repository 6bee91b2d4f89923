// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A TOKN section that does not hold together is refused.
#include "test/runtime/text/V3Tokenizer.h"
#include <cstring>
#include <gtest/gtest.h>

namespace ds::rt {
namespace {

/// A copy of V3's section and its layout, to be broken.
struct Section {
  std::vector<uint8_t> bytes = v3Section();
  TokenizerLayout layout{header()};

  TokenizerHeader &header() {
    return *reinterpret_cast<TokenizerHeader *>(bytes.data());
  }
  template <class Record>
  Record &at(uint64_t part, size_t index) {
    return reinterpret_cast<Record *>(bytes.data() + part)[index];
  }
  /// What the error names as broken; "" when it opens.
  std::string refusal() const {
    auto opened = Tokenizer::open(bytes);
    if (opened)
      return "";
    Status status = opened.takeStatus();
    EXPECT_EQ(status.exit(), Exit::Rejected);
    return status.errors()[0].subject;
  }
};

TEST(TokenizerCheck, accepts_the_section_as_compiled) {
  EXPECT_EQ(Section().refusal(), "");
}

TEST(TokenizerCheck, refuses_a_wrong_header) {
  auto refusal = [](auto change) {
    Section section;
    change(section.header());
    return section.refusal();
  };
  using Header = TokenizerHeader &;
  EXPECT_EQ(refusal([](Header h) { h.version = 2; }), "version");
  EXPECT_EQ(refusal([](Header h) { h.preTokenizer = PreTokenizerKind(9); }),
            "pre-tokenizer");
  EXPECT_EQ(refusal([](Header h) { h.realTokens = ~0u; }), "tokens");
  EXPECT_EQ(refusal([](Header h) { h.numMerges = ~0u; }), "merges");
  EXPECT_EQ(refusal([](Header h) { h.numControls = ~0u; }), "control tokens");
  EXPECT_EQ(refusal([](Header h) { h.textBytes += 1; }), "size");
  EXPECT_EQ(refusal([](Header h) { h.flags = 2; }), "flags");
  EXPECT_EQ(refusal([](Header h) { h.reserved[1] = 1; }), "reserved field");
  EXPECT_EQ(refusal([](Header h) { h.bos = h.realTokens; }), "bos or eos");
}

TEST(TokenizerCheck, refuses_cut_and_unaligned_sections) {
  Section section;
  EXPECT_FALSE(Tokenizer::open(std::span(section.bytes).first(20)));
  EXPECT_FALSE(Tokenizer::open(
      std::span(section.bytes).first(section.bytes.size() - 1)));
  section.bytes.insert(section.bytes.begin(), 0);
  EXPECT_FALSE(Tokenizer::open(std::span(section.bytes).subspan(1)));
}

TEST(TokenizerCheck, refuses_records_that_point_outside) {
  Section token;
  token.at<TokenRecord>(token.layout.tokens, 77).offset = ~0u;
  EXPECT_EQ(token.refusal(), "offset of token 77");
  Section empty;
  empty.at<TokenRecord>(empty.layout.tokens, 78).length = 0;
  EXPECT_EQ(empty.refusal(), "offset of token 78");
  Section control;
  control.at<ControlRecord>(control.layout.controls, 5).length = ~0u;
  EXPECT_EQ(control.refusal(), "offset of control token 5");
  Section controlId;
  controlId.at<ControlRecord>(controlId.layout.controls, 5).id = 128815;
  EXPECT_EQ(controlId.refusal(), "control token 5");
  Section merge;
  merge.at<MergeRecord>(merge.layout.merges, 9).left = 128815;
  EXPECT_EQ(merge.refusal(), "merge 9");
}

TEST(TokenizerCheck, refuses_records_that_contradict_each_other) {
  Section byte;
  byte.at<uint32_t>(byte.layout.byteTokens, 65) += 1;
  EXPECT_EQ(byte.refusal(), "token of byte 65");
  Section result;
  result.at<MergeRecord>(result.layout.merges, 9).result += 1;
  EXPECT_EQ(result.refusal(), "result of merge 9");
  Section twice;
  twice.at<MergeRecord>(twice.layout.merges, 9) =
      twice.at<MergeRecord>(twice.layout.merges, 8);
  EXPECT_EQ(twice.refusal(), "merges");
  Section order;
  std::swap(order.at<ControlRecord>(order.layout.controls, 3),
            order.at<ControlRecord>(order.layout.controls, 4));
  EXPECT_EQ(order.refusal(), "place of control token 4");
}

// Else plain text could become a control token.
TEST(TokenizerCheck, refuses_a_control_token_that_merges_reach) {
  Section section;
  uint32_t result = section.at<MergeRecord>(section.layout.merges, 0).result;
  section.at<ControlRecord>(section.layout.controls, 3).id = result;
  EXPECT_EQ(section.refusal(), "result of merge 0");
}

} // namespace
} // namespace ds::rt
