// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A plan taken apart into its sections, to be changed and put together again:
// offsets, sizes and digests are then right, so that a change is seen by the
// checks of records and not by those of the container.
#pragma once
#include "runtime/plan/Sections.h"
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace ds::fuzz {

struct PlanParts {
  struct Part {
    rt::SectionEntry entry;
    std::vector<uint8_t> bytes;
    /// Of its section; 1 where the section is not known.
    size_t recordSize() const;
  };
  rt::PlanHeader header;
  std::vector<Part> parts;

  /// None where table or sections do not lie inside the bytes.
  static std::optional<PlanParts> of(std::span<const uint8_t> plan);
  /// Without digests.
  std::vector<uint8_t> plan() const;
};

/// Writes every digest that the bytes have a place for: of images, of sections,
/// of the header.
void seal(std::span<uint8_t> plan);

} // namespace ds::fuzz
