// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Sections.def as a table.
#pragma once
#include "runtime/plan/Records.h"
#include <cstddef>
#include <optional>
#include <string_view>
#include <type_traits>

namespace ds::rt {

enum class Section : uint32_t {
#define SECTION(tag, member, Record, presence, text) tag,
#include "runtime/plan/Sections.def"
};

/// A reader that does not know a section with this bit must refuse the plan.
inline constexpr uint32_t kMustUnderstand = 1;

struct SectionInfo {
  enum Presence { Optional, Required };
  std::string_view tag;
  Presence presence;
  uint32_t recordSize;
  std::string_view text;
  /// Required sections carry kMustUnderstand, optional ones do not.
  constexpr uint32_t flags() const {
    return presence == Required ? kMustUnderstand : 0;
  }
};

inline constexpr SectionInfo kSections[] = {
#define SECTION(tag, member, Record, presence, text)                           \
  {#tag, SectionInfo::presence, sizeof(Record), text},
#include "runtime/plan/Sections.def"
};

inline constexpr uint64_t kPage = 4096;

/// Bytes; of known and unknown sections.
constexpr uint64_t alignmentOf(std::string_view tag) {
  return tag == "CODE" || tag == "DATA" ? kPage : 64;
}

/// `alignment` is a power of two; `value` is below 2^63.
constexpr uint64_t alignUp(uint64_t value, uint64_t alignment) {
  return (value + alignment - 1) & ~(alignment - 1);
}

constexpr std::optional<Section> sectionOfTag(std::string_view tag) {
  for (size_t i = 0; i < std::size(kSections); ++i)
    if (kSections[i].tag == tag)
      return Section(i);
  return std::nullopt;
}

/// The section of a record type; only for types that name one section.
template <class Wanted>
constexpr Section sectionOf() {
  static_assert(std::is_class_v<Wanted>);
#define SECTION(tag, member, Record, presence, text)                           \
  if constexpr (std::is_same_v<Record, Wanted>)                                \
    return Section::tag;                                                       \
  else
#include "runtime/plan/Sections.def"
  static_assert(!sizeof(Wanted), "no section holds this record");
}

} // namespace ds::rt
