// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Makes a plan in memory. Equal calls in equal order give equal bytes.
#pragma once
#include "runtime/base/Status.h"
#include "runtime/plan/Sections.h"
#include <array>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace ds::rt {

/// A plan of 1 GiB and more, DATA aside, is refused everywhere.
inline constexpr uint64_t kMaxPlanBytes = uint64_t(1) << 30;

class PlanWriter {
public:
  PlanWriter();

  /// Appends a record to its section and returns its index.
  template <class Record>
  uint32_t add(const Record &record) {
    return append(sectionOf<Record>(), &record, sizeof record) / sizeof(Record);
  }
  /// Records so far: the index that the next add() returns.
  template <class Record>
  uint32_t count() const {
    return uint32_t(bytesOf(sectionOf<Record>()).size() / sizeof(Record));
  }
  /// Appends one entry of SLOT.
  uint32_t addSlot(uint32_t weight) {
    return append(Section::SLOT, &weight, sizeof weight) / sizeof weight;
  }
  /// Entries of SLOT so far.
  uint32_t slots() const {
    return uint32_t(bytesOf(Section::SLOT).size() / sizeof(uint32_t));
  }
  /// Equal texts give equal references; the text ends at its first zero byte.
  StringRef string(std::string_view text);
  /// Appends a tensor to CNST and returns its offset, a multiple of 64.
  uint64_t addConstant(std::span<const uint8_t> tensor);
  /// Appends a code image to CODE and its record to IMGS; returns its index.
  /// `image` holds text from 0 on and read-only data from `rodataOffset` on, a
  /// multiple of 4096 (the end rounded up where there is none). A cubin or a
  /// shared object has neither: 0 and 0.
  uint32_t addImage(std::span<const uint8_t> image, uint32_t textSize = 0,
                    uint32_t rodataOffset = 0);
  /// The whole of an optional section: BUCK, TOKN, CHAT, WDIG, DATA.
  void set(Section section, std::span<const uint8_t> bytes);

  /// DATA of `size` bytes that finish() leaves out; see PlanData.
  void declareData(uint64_t size) { declaredData_ = size; }

  /// The file's bytes, or those before a declared DATA, verified. A failure is our bug (PlanSelfCheck), with
  /// what the verifier said as a note. Call once.
  Result<std::vector<uint8_t>> finish() const;

private:
  uint32_t append(Section section, const void *bytes, size_t size);
  const std::vector<uint8_t> &bytesOf(Section section) const {
    return sections_[uint32_t(section)];
  }

  std::array<std::vector<uint8_t>, std::size(kSections)> sections_;
  std::map<std::string, StringRef, std::less<>> strings_;
  uint64_t declaredData_ = 0; // bytes
};

/// Writes the digests of all sections, then that of header and table, into a
/// plan whose header and table are otherwise complete.
void sealPlan(std::span<uint8_t> plan);
/// The digest of header and table only.
void sealHeader(std::span<uint8_t> plan);

} // namespace ds::rt
