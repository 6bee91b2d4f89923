// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The records of a verified plan, in place. Made by verifyPlan() only.
#pragma once
#include "runtime/plan/Records.h"
#include "runtime/plan/Sections.h"
#include <span>

namespace ds::rt {

/// Borrows the bytes it was made from. One span per section; an absent optional
/// section is empty. `data` is empty also where `bytes` ends before DATA.
struct PlanView {
#define SECTION(tag, member, Record, presence, text)                           \
  std::span<const Record> member;
#include "runtime/plan/Sections.def"

  std::span<const uint8_t> bytes;
  uint64_t dataOffset = 0, dataSize = 0; // of DATA in the file; 0: absent

  const PlanHeader &header() const {
    return *reinterpret_cast<const PlanHeader *>(bytes.data());
  }
  std::span<const SectionEntry> table() const {
    return {reinterpret_cast<const SectionEntry *>(bytes.data() +
                                                   sizeof(PlanHeader)),
            header().sections};
  }
  const char *string(StringRef at) const {
    return strings.data() + uint32_t(at);
  }
  /// Its code runs on a GPU or on the emulation of one: all its levels do.
  bool isForGPU() const { return levels[0].kind != LevelKind::CPU; }
  uint32_t kernelsPerLevel() const {
    return uint32_t(kernels.size() / levels.size());
  }
};

} // namespace ds::rt
