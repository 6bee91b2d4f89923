// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/base/Sha256.h"
#include "runtime/plan/VerifyParts.h"
#include <algorithm>
#include <bit>
#include <cstring>

namespace ds::rt {
namespace {

static_assert(std::endian::native == std::endian::little,
              "records are read in place");
constexpr uint32_t kMaxSections = 256; // this version has 23

bool isZero(std::span<const uint8_t> bytes) {
  return std::ranges::all_of(bytes, [](uint8_t byte) { return byte == 0; });
}

bool hasDigest(std::span<const uint8_t> bytes, const uint8_t (&digest)[32]) {
  Sha256 sha;
  sha.update(bytes.data(), bytes.size());
  return std::ranges::equal(sha.finish(), digest);
}

std::string versionText(unsigned major, unsigned minor) {
  return std::to_string(major) + "." + std::to_string(minor);
}

Status verifyHeader(std::span<const uint8_t> bytes, uint64_t fileSize,
                    const Refusal &refuse) {
  size_t shown = std::min(bytes.size(), sizeof kPlanMagic);
  if (bytes.empty() || std::memcmp(bytes.data(), kPlanMagic, shown) != 0)
    return refuse(
        ErrorCode::PlanMagic, "",
        bytes.empty()
            ? "an empty file"
            : "\"" + std::string(bytes.begin(), bytes.begin() + shown) + "\"",
        "a dsc plan");
  if (bytes.size() < sizeof(PlanHeader))
    return refuse.number(ErrorCode::PlanSize, "size in bytes", bytes.size(),
                         "at least " + std::to_string(sizeof(PlanHeader)));
  const auto &header = *reinterpret_cast<const PlanHeader *>(bytes.data());
  if (header.major != kPlanMajor || header.minor > kPlanMinor) {
    Error error = refuse(ErrorCode::PlanVersion, "plan format",
                         versionText(header.major, header.minor),
                         versionText(kPlanMajor, 0) + " to " +
                             versionText(kPlanMajor, kPlanMinor));
    error.help = "compile the model again, or use the dsrun of that version";
    return error;
  }
  if (header.fileSize != fileSize)
    return refuse.number(ErrorCode::PlanSize, "size in bytes", fileSize,
                         std::to_string(header.fileSize) +
                             ", as its header says");
  if (header.sections > kMaxSections)
    return refuse.number(ErrorCode::PlanTable, "sections", header.sections,
                         "at most " + std::to_string(kMaxSections));
  uint64_t size = sizeof(PlanHeader) + header.sections * sizeof(SectionEntry);
  if (size > bytes.size())
    return refuse.number(ErrorCode::PlanTable, "end of the section table", size,
                         "at most " + std::to_string(bytes.size()));
  PlanHeader blank = header;
  std::memset(blank.digest, 0, sizeof blank.digest);
  Sha256 sha;
  sha.update(&blank, sizeof blank);
  sha.update(bytes.data() + sizeof blank, size - sizeof blank);
  if (!std::ranges::equal(sha.finish(), header.digest))
    return refuse(ErrorCode::PlanHeaderDigest,
                  "digest of header and section table does not match");
  return {};
}

std::string_view tagOf(const SectionEntry &entry) {
  return {entry.tag, sizeof entry.tag};
}
std::string nameOf(const SectionEntry &entry) {
  return "section " + std::string(tagOf(entry));
}

/// Place and flags of each section, zero bytes between them, the end.
Status verifyTable(const PlanView &plan, uint64_t fileSize,
                   const Refusal &refuse) {
  uint64_t end = sizeof(PlanHeader) + plan.table().size_bytes();
  std::optional<Section> last;
  for (const SectionEntry &entry : plan.table()) {
    std::optional<Section> section = sectionOfTag(tagOf(entry));
    if (!section && (entry.flags & kMustUnderstand))
      return refuse(ErrorCode::PlanSectionUnknown,
                    nameOf(entry) + " is needed and not known to this dsrun");
    uint32_t flags = section ? kSections[uint32_t(*section)].flags() : 0;
    if (entry.flags != flags)
      return refuse.number(ErrorCode::PlanTable, nameOf(entry) + ": flags",
                           entry.flags, std::to_string(flags));
    if (last == Section::DATA || (section && last && *section <= *last))
      return refuse(ErrorCode::PlanTable, nameOf(entry),
                    "it twice or out of order",
                    "the order of the format's specification");
    uint64_t offset = alignUp(end, alignmentOf(tagOf(entry)));
    if (entry.offset != offset)
      return refuse.number(ErrorCode::PlanTable, nameOf(entry) + ": offset",
                           entry.offset, std::to_string(offset));
    if (!fits(entry.offset, entry.size, fileSize))
      return refuse.number(ErrorCode::PlanTable, nameOf(entry) + ": size",
                           entry.size,
                           "an end within " + std::to_string(fileSize));
    if (section == Section::DATA && plan.bytes.size() < fileSize &&
        plan.bytes.size() != offset)
      return refuse.number(ErrorCode::PlanSize, "bytes before DATA",
                           plan.bytes.size(), std::to_string(offset));
    uint64_t memoryEnd =
        section == Section::DATA ? offset : offset + entry.size;
    if (memoryEnd > plan.bytes.size())
      return refuse.number(ErrorCode::PlanSize, nameOf(entry) + ": end",
                           memoryEnd,
                           "at most " + std::to_string(plan.bytes.size()));
    if (!isZero(plan.bytes.subspan(end, offset - end)))
      return refuse(ErrorCode::PlanPadding,
                    "bytes before " + nameOf(entry) + " are not zero");
    end = entry.offset + entry.size;
    if (section)
      last = section;
  }
  if (end != fileSize)
    return refuse.number(ErrorCode::PlanTable, "end of the last section", end,
                         std::to_string(fileSize) + ", the end of the file");
  return {};
}

template <class Record>
void assign(std::span<const Record> &member, std::span<const uint8_t> bytes) {
  member = {reinterpret_cast<const Record *>(bytes.data()),
            bytes.size() / sizeof(Record)};
}

Status verifySections(PlanView &plan, const Refusal &refuse) {
  uint64_t present = 0;
  for (const SectionEntry &entry : plan.table()) {
    std::optional<Section> section = sectionOfTag(tagOf(entry));
    std::span<const uint8_t> bytes;
    if (section == Section::DATA) {
      plan.dataOffset = entry.offset, plan.dataSize = entry.size;
      if (!isZero(entry.digest))
        return refuse(ErrorCode::PlanSectionDigest,
                      "section DATA has a digest in the table");
      if (plan.bytes.size() > entry.offset)
        bytes = plan.bytes.subspan(entry.offset, entry.size);
    } else {
      bytes = plan.bytes.subspan(entry.offset, entry.size);
      if (!hasDigest(bytes, entry.digest))
        return refuse(ErrorCode::PlanSectionDigest,
                      nameOf(entry) + ": digest does not match");
    }
    if (!section)
      continue;
    const SectionInfo &info = kSections[uint32_t(*section)];
    if (entry.size % info.recordSize)
      return refuse.number(ErrorCode::PlanRecordSize, nameOf(entry) + ": size",
                           entry.size,
                           "a multiple of " + std::to_string(info.recordSize));
    present |= uint64_t(1) << uint32_t(*section);
    switch (*section) {
#define SECTION(tag, member, Record, presence, text)                           \
  case Section::tag:                                                           \
    assign<Record>(plan.member, bytes);                                        \
    break;
#include "runtime/plan/Sections.def"
    }
  }
  Status missing;
  for (size_t i = 0; i < std::size(kSections); ++i)
    if (kSections[i].presence == SectionInfo::Required && !(present >> i & 1))
      missing.add(
          refuse(ErrorCode::PlanSectionMissing,
                 "section " + std::string(kSections[i].tag) + " is missing"));
  return missing;
}

} // namespace

Result<PlanView> verifyContainer(std::span<const uint8_t> bytes,
                                 uint64_t fileSize, const Refusal &refuse) {
  if (reinterpret_cast<uintptr_t>(bytes.data()) % 8 || fileSize < bytes.size())
    return refuse(ErrorCode::InternalError,
                  "verifyPlan was called with misplaced bytes");
  DS_TRY(verifyHeader(bytes, fileSize, refuse));
  PlanView plan;
  plan.bytes = bytes;
  DS_TRY(verifyTable(plan, fileSize, refuse));
  DS_TRY(verifySections(plan, refuse));
  return plan;
}

} // namespace ds::rt
