// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Section TOKN: a byte-level BPE tokenizer, self-contained. All numbers are
// little-endian; the section starts at a multiple of 4 bytes. In this order,
// without holes:
//
//   TokenizerHeader
//   uint32_t byteTokens[256]               the id of each single byte
//   TokenRecord tokens[realTokens]         by id
//   MergeRecord merges[numMerges]          by rank, the first merges first
//   ControlRecord controls[numControls]    by content, bytewise ascending
//   char text[textBytes]                   what offsets point into
#pragma once
#include <cstdint>

namespace ds::rt {

constexpr uint32_t kTokenizerVersion = 1;
constexpr uint32_t kNoToken = 0xffffffff;
constexpr uint32_t kMaxTokens = 1u << 20;
constexpr uint32_t kMaxMerges = 1u << 22;
constexpr uint32_t kMaxTokenBytes = 4096;

enum class PreTokenizerKind : uint32_t {
  V3 = 1, // DeepSeek V3, R1, V3.1: digits, kana and ideographs, words
};

/// TokenizerHeader.flags
constexpr uint32_t kRawTextGetsBos = 1;
/// ControlRecord.flags
constexpr uint32_t kControlSpecial = 1;    // "special" of tokenizer.json
constexpr uint32_t kControlNormalized = 2; // found after the others

struct TokenizerHeader {
  uint32_t version;
  PreTokenizerKind preTokenizer;
  uint32_t realTokens; // ids from here on are padding, never sampled
  uint32_t numMerges;
  uint32_t numControls;
  uint32_t textBytes;
  uint32_t bos; // kNoToken where there is none
  uint32_t eos; // kNoToken where there is none
  uint32_t flags;
  uint32_t reserved[3]; // 0
};
static_assert(sizeof(TokenizerHeader) == 48);

/// The bytes that an id decodes to.
struct TokenRecord {
  uint32_t offset, length;
};
static_assert(sizeof(TokenRecord) == 8);

struct MergeRecord {
  uint32_t left, right, result;
};
static_assert(sizeof(MergeRecord) == 12);

/// A token that is found in raw text before anything is split: an added token.
struct ControlRecord {
  uint32_t offset, length; // the content
  uint32_t id;
  uint32_t flags;
};
static_assert(sizeof(ControlRecord) == 16);

/// Offsets of the parts from the start of the section, and its size.
struct TokenizerLayout {
  uint64_t byteTokens, tokens, merges, controls, text, size;

  explicit constexpr TokenizerLayout(const TokenizerHeader &header)
      : byteTokens(sizeof(TokenizerHeader)),
        tokens(byteTokens + 256 * sizeof(uint32_t)),
        merges(tokens + uint64_t(header.realTokens) * sizeof(TokenRecord)),
        controls(merges + uint64_t(header.numMerges) * sizeof(MergeRecord)),
        text(controls + uint64_t(header.numControls) * sizeof(ControlRecord)),
        size(text + header.textBytes) {}
};

/// Names and values of a header, for dumps.
template <class Visit>
void visitFields(const TokenizerHeader &header, Visit visit) {
  visit("version", header.version);
  visit("pre_tokenizer", uint32_t(header.preTokenizer));
  visit("real_tokens", header.realTokens);
  visit("merges", header.numMerges);
  visit("controls", header.numControls);
  visit("text_bytes", header.textBytes);
  visit("bos", header.bos);
  visit("eos", header.eos);
  visit("flags", header.flags);
}

} // namespace ds::rt
