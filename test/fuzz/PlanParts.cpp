// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/fuzz/PlanParts.h"
#include "runtime/base/Sha256.h"
#include "runtime/plan/Writer.h"
#include <algorithm>
#include <cstring>

namespace ds::fuzz {
namespace {

std::string_view tagOf(const rt::SectionEntry &entry) {
  return {entry.tag, sizeof entry.tag};
}

/// The table's entries, where the table and all sections lie inside.
std::span<rt::SectionEntry> tableOf(std::span<uint8_t> plan) {
  auto *header = reinterpret_cast<rt::PlanHeader *>(plan.data());
  size_t room = plan.size() < sizeof *header
                    ? 0
                    : (plan.size() - sizeof *header) / sizeof(rt::SectionEntry);
  if (!room || header->sections > room)
    return {};
  std::span table{
      reinterpret_cast<rt::SectionEntry *>(plan.data() + sizeof *header),
      header->sections};
  for (const rt::SectionEntry &entry : table)
    if (entry.offset > plan.size() || entry.size > plan.size() - entry.offset)
      return {};
  return table;
}

std::span<uint8_t> sectionIn(std::span<uint8_t> plan, std::string_view tag) {
  for (const rt::SectionEntry &entry : tableOf(plan))
    if (tagOf(entry) == tag)
      return plan.subspan(entry.offset, entry.size);
  return {};
}

void sealImages(std::span<uint8_t> plan) {
  std::span images = sectionIn(plan, "IMGS"), code = sectionIn(plan, "CODE");
  for (size_t at = 0; at + sizeof(rt::ImageRecord) <= images.size();
       at += sizeof(rt::ImageRecord)) {
    rt::ImageRecord image;
    std::memcpy(&image, images.data() + at, sizeof image);
    if (image.offset > code.size() || image.size > code.size() - image.offset)
      continue;
    Sha256 sha;
    sha.update(code.data() + image.offset, image.size);
    std::ranges::copy(sha.finish(), image.digest);
    std::memcpy(images.data() + at, &image, sizeof image);
  }
}

} // namespace

size_t PlanParts::Part::recordSize() const {
  auto section = rt::sectionOfTag(tagOf(entry));
  return section ? rt::kSections[size_t(*section)].recordSize : 1;
}

std::optional<PlanParts> PlanParts::of(std::span<const uint8_t> plan) {
  std::vector<uint8_t> copy(plan.begin(), plan.end());
  std::span<rt::SectionEntry> table = tableOf(copy);
  if (table.empty())
    return {};
  PlanParts parts;
  std::memcpy(&parts.header, copy.data(), sizeof parts.header);
  for (const rt::SectionEntry &entry : table) {
    auto begin = copy.begin() + ptrdiff_t(entry.offset);
    parts.parts.push_back({entry, {begin, begin + ptrdiff_t(entry.size)}});
  }
  return parts;
}

std::vector<uint8_t> PlanParts::plan() const {
  std::vector<rt::SectionEntry> table;
  uint64_t end =
      sizeof(rt::PlanHeader) + parts.size() * sizeof(rt::SectionEntry);
  for (const Part &part : parts) {
    rt::SectionEntry entry = part.entry;
    entry.offset = rt::alignUp(end, rt::alignmentOf(tagOf(entry)));
    entry.size = part.bytes.size();
    end = entry.offset + entry.size;
    table.push_back(entry);
  }
  rt::PlanHeader head = header;
  head.sections = uint32_t(table.size());
  head.fileSize = end;
  std::vector<uint8_t> plan(end);
  std::memcpy(plan.data(), &head, sizeof head);
  std::memcpy(plan.data() + sizeof head, table.data(),
              table.size() * sizeof(rt::SectionEntry));
  for (size_t i = 0; i < parts.size(); ++i)
    if (!parts[i].bytes.empty())
      std::memcpy(plan.data() + table[i].offset, parts[i].bytes.data(),
                  parts[i].bytes.size());
  return plan;
}

void seal(std::span<uint8_t> plan) {
  if (tableOf(plan).empty())
    return;
  sealImages(plan);
  rt::sealPlan(plan);
}

} // namespace ds::fuzz
