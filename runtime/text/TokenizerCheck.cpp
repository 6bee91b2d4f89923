// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Tokenizer::open: the only code that distrusts a TOKN section. After it no
// index is checked again, and plain text cannot reach a control id.

#include "runtime/text/Tokenizer.h"
#include <cstring>

namespace ds::rt {
namespace {

Status broken(std::string subject, uint64_t found, std::string expected) {
  return Error{.code = ErrorCode::TokenizerSectionInvalid,
               .where = "section TOKN",
               .subject = std::move(subject),
               .found = std::to_string(found),
               .expected = std::move(expected)};
}

std::string nth(const char *what, size_t index) {
  return std::string(what) + " " + std::to_string(index);
}

Status checkHeader(const TokenizerHeader &header, uint64_t size) {
  if (header.version != kTokenizerVersion)
    return broken("version", header.version, "1");
  if (header.preTokenizer != PreTokenizerKind::V3)
    return broken("pre-tokenizer", uint32_t(header.preTokenizer), "1 (V3)");
  if (header.realTokens > kMaxTokens)
    return broken("tokens", header.realTokens, "at most 1048576");
  if (header.numMerges > kMaxMerges)
    return broken("merges", header.numMerges, "at most 4194304");
  if (header.numControls > header.realTokens)
    return broken("control tokens", header.numControls, "at most all tokens");
  if (header.flags & ~kRawTextGetsBos)
    return broken("flags", header.flags, "known bits");
  for (uint32_t reserved : header.reserved)
    if (reserved != 0)
      return broken("reserved field", reserved, "0");
  if (TokenizerLayout layout(header); layout.size != size)
    return broken("size", size, std::to_string(layout.size));
  return Status::ok();
}

} // namespace

Status Tokenizer::checkText() const {
  auto inside = [&](uint32_t offset, uint32_t length) {
    return length != 0 && length <= kMaxTokenBytes &&
           uint64_t(offset) + length <= text_.size();
  };
  for (size_t id = 0; id < tokens_.size(); ++id)
    if (!inside(tokens_[id].offset, tokens_[id].length))
      return broken(nth("offset of token", id), tokens_[id].offset,
                    "1 to 4096 bytes inside the text");
  std::string_view previous;
  for (size_t i = 0; i < controls_.size(); ++i) {
    const ControlRecord &control = controls_[i];
    if (!inside(control.offset, control.length))
      return broken(nth("offset of control token", i), control.offset,
                    "1 to 4096 bytes inside the text");
    std::string_view content = text_.substr(control.offset, control.length);
    if (content <= previous)
      return broken(nth("place of control token", i), i, "ascending content");
    previous = content;
  }
  return Status::ok();
}

Status Tokenizer::checkIds() const {
  std::string limit = "an id below " + std::to_string(tokens_.size());
  auto isWrong = [&](uint32_t id) { return id >= tokens_.size(); };
  for (size_t i = 0; i < controls_.size(); ++i)
    if (isWrong(controls_[i].id) ||
        controls_[i].flags & ~(kControlSpecial | kControlNormalized))
      return broken(nth("control token", i), controls_[i].id,
                    limit + " and known flags");
  for (uint32_t id : {header_.bos, header_.eos})
    if (id != kNoToken && isWrong(id))
      return broken("bos or eos", id, limit);
  for (size_t byte = 0; byte < 256; ++byte) {
    uint32_t id = byteTokens_[byte];
    if (isWrong(id) || bytes(id) != std::string(1, char(byte)))
      return broken(nth("token of byte", byte), id, "the token of that byte");
  }
  for (size_t i = 0; i < merges_.size(); ++i) {
    const MergeRecord &merge = merges_[i];
    for (uint32_t id : {merge.left, merge.right, merge.result})
      if (isWrong(id))
        return broken(nth("merge", i), id, limit);
    std::string_view left = bytes(merge.left), result = bytes(merge.result);
    if (!result.starts_with(left) ||
        result.substr(left.size()) != bytes(merge.right))
      return broken(nth("result of merge", i), merge.result,
                    "the token of both sides' bytes");
  }
  return Status::ok();
}

/// What needs the tables built from checked records.
Status Tokenizer::check() const {
  if (!encoder_.isUnambiguous())
    return broken("merges", merges_.size(), "no pair twice");
  for (size_t byte = 0; byte < 256; ++byte)
    if (isControl(byteTokens_[byte]))
      return broken(nth("token of byte", byte), byteTokens_[byte],
                    "no control token");
  for (size_t i = 0; i < merges_.size(); ++i)
    if (isControl(merges_[i].result))
      return broken(nth("result of merge", i), merges_[i].result,
                    "no control token");
  return Status::ok();
}

Result<Tokenizer> Tokenizer::open(std::span<const uint8_t> section) {
  if (section.size() < sizeof(TokenizerHeader))
    return broken("size", section.size(), "at least 48");
  if (uintptr_t(section.data()) % alignof(uint32_t) != 0)
    return broken("address", uintptr_t(section.data()) % alignof(uint32_t),
                  "a multiple of 4");
  Tokenizer self;
  std::memcpy(&self.header_, section.data(), sizeof(TokenizerHeader));
  DS_TRY(checkHeader(self.header_, section.size()));

  TokenizerLayout layout(self.header_);
  auto records = [&]<class Record>(std::span<const Record> &out,
                                   uint64_t offset, uint32_t count) {
    out = {reinterpret_cast<const Record *>(section.data() + offset), count};
  };
  records(self.byteTokens_, layout.byteTokens, 256);
  records(self.tokens_, layout.tokens, self.header_.realTokens);
  records(self.merges_, layout.merges, self.header_.numMerges);
  records(self.controls_, layout.controls, self.header_.numControls);
  self.text_ = {reinterpret_cast<const char *>(section.data() + layout.text),
                self.header_.textBytes};
  DS_TRY(self.checkText());
  DS_TRY(self.checkIds());

  self.encoder_ = BytePairEncoder(self.byteTokens_, self.merges_);
  self.matcher_ = ControlMatcher(self.controls_, self.text_);
  self.isControl_.resize(self.header_.realTokens);
  for (const ControlRecord &control : self.controls_)
    self.isControl_[control.id] = true;
  DS_TRY(self.check());
  return self;
}

} // namespace ds::rt
