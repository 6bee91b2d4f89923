// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/plan/Writer.h"
#include "runtime/base/Sha256.h"
#include "runtime/plan/Verify.h"
#include <algorithm>
#include <cstring>

namespace ds::rt {
namespace {

void digestInto(uint8_t (&digest)[32], std::span<const uint8_t> bytes) {
  Sha256 sha;
  sha.update(bytes.data(), bytes.size());
  std::ranges::copy(sha.finish(), digest);
}

} // namespace

PlanWriter::PlanWriter() { string(""); }

uint32_t PlanWriter::append(Section section, const void *bytes, size_t size) {
  std::vector<uint8_t> &to = sections_[uint32_t(section)];
  size_t at = to.size();
  to.resize(at + size);
  std::memcpy(to.data() + at, bytes, size);
  return uint32_t(at);
}

StringRef PlanWriter::string(std::string_view text) {
  text = text.substr(0, text.find('\0'));
  if (auto known = strings_.find(text); known != strings_.end())
    return known->second;
  std::string copy(text);
  auto at = StringRef(append(Section::STRS, copy.c_str(), copy.size() + 1));
  strings_.emplace(std::move(copy), at);
  return at;
}

uint64_t PlanWriter::addConstant(std::span<const uint8_t> tensor) {
  std::vector<uint8_t> &constants = sections_[uint32_t(Section::CNST)];
  constants.resize(alignUp(constants.size(), 64));
  return append(Section::CNST, tensor.data(), tensor.size());
}

uint32_t PlanWriter::addImage(std::span<const uint8_t> image, uint32_t textSize,
                              uint32_t rodataOffset) {
  std::vector<uint8_t> &code = sections_[uint32_t(Section::CODE)];
  code.resize(alignUp(code.size(), kPage));
  ImageRecord record{.offset = code.size(),
                     .size = image.size(),
                     .textSize = textSize,
                     .rodataOffset = rodataOffset,
                     .digest = {}};
  digestInto(record.digest, image);
  append(Section::CODE, image.data(), image.size());
  return add(record);
}

void PlanWriter::set(Section section, std::span<const uint8_t> bytes) {
  sections_[uint32_t(section)].assign(bytes.begin(), bytes.end());
}

void sealPlan(std::span<uint8_t> plan) {
  auto &header = *reinterpret_cast<PlanHeader *>(plan.data());
  auto *table = reinterpret_cast<SectionEntry *>(plan.data() + sizeof header);
  for (uint32_t i = 0; i < header.sections; ++i) {
    std::ranges::fill(table[i].digest, uint8_t(0));
    if (std::string_view(table[i].tag, 4) != "DATA")
      digestInto(table[i].digest, plan.subspan(table[i].offset, table[i].size));
  }
  sealHeader(plan);
}

void sealHeader(std::span<uint8_t> plan) {
  auto &header = *reinterpret_cast<PlanHeader *>(plan.data());
  std::ranges::fill(header.digest, uint8_t(0));
  digestInto(header.digest, plan.first(sizeof header +
                                       header.sections * sizeof(SectionEntry)));
}

Result<std::vector<uint8_t>> PlanWriter::finish() const {
  std::vector<SectionEntry> table;
  std::vector<const std::vector<uint8_t> *> contents;
  for (size_t i = 0; i < std::size(kSections); ++i) {
    uint64_t size = sections_[i].size();
    if (Section(i) == Section::DATA)
      size += declaredData_;
    if (kSections[i].presence == SectionInfo::Optional && !size)
      continue;
    SectionEntry entry{};
    std::ranges::copy(kSections[i].tag, entry.tag);
    entry.flags = kSections[i].flags();
    entry.size = size;
    table.push_back(entry);
    contents.push_back(&sections_[i]);
  }
  size_t tableBytes = table.size() * sizeof(SectionEntry);
  uint64_t end = sizeof(PlanHeader) + tableBytes;
  for (SectionEntry &entry : table) {
    entry.offset = alignUp(end, alignmentOf({entry.tag, 4}));
    end = entry.offset + entry.size;
  }
  PlanHeader header{.magic = {},
                    .major = kPlanMajor,
                    .minor = kPlanMinor,
                    .sections = uint32_t(table.size()),
                    .fileSize = end,
                    .digest = {}};
  std::ranges::copy(kPlanMagic, header.magic);

  std::vector<uint8_t> plan(end - declaredData_);
  std::memcpy(plan.data(), &header, sizeof header);
  std::memcpy(plan.data() + sizeof header, table.data(), tableBytes);
  for (size_t i = 0; i < table.size(); ++i)
    std::ranges::copy(*contents[i], plan.begin() + table[i].offset);
  sealPlan(plan);

  Error error{.code = ErrorCode::PlanSelfCheck,
              .subject = "the plan that was made does not verify",
              .help = "this is a bug of dsc; please report it"};
  if (plan.size() > kMaxPlanBytes)
    return Error{.code = ErrorCode::PlanLimit,
                 .subject = "size of the plan in bytes",
                 .found = std::to_string(plan.size()),
                 .expected = "at most " + std::to_string(kMaxPlanBytes)};
  if (Result<PlanView> view = verifyPlan(plan, "plan", end); !view) {
    Status status = view.takeStatus();
    for (const Error &wrong : status.errors())
      error.notes.push_back(wrong.message());
    return error;
  }
  return plan;
}

} // namespace ds::rt
