// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Finds control tokens in raw text: leftmost, and of those the longest.
#pragma once
#include "runtime/plan/TokenizerRecords.h"
#include <array>
#include <span>
#include <string_view>

namespace ds::rt {

class ControlMatcher {
public:
  struct Match {
    size_t start; // the text's size where nothing was found
    const ControlRecord *control;
  };

  ControlMatcher() = default;
  /// Borrows records in ascending order of content, and the text they name.
  ControlMatcher(std::span<const ControlRecord> controls,
                 std::string_view text);

  /// The first control token of a group in `text` from `start` on. The
  /// normalized ones are searched for in what the others left.
  Match find(std::string_view text, size_t start, bool normalized) const;

  /// The control token of this content, or null.
  const ControlRecord *named(std::string_view content) const;

private:
  std::string_view contentOf(const ControlRecord &control) const {
    return text_.substr(control.offset, control.length);
  }
  const ControlRecord *longestAt(std::string_view text, bool normalized) const;

  std::span<const ControlRecord> controls_;
  std::string_view text_;
  std::array<uint32_t, 257> starts_{}; // first record by first byte
};

} // namespace ds::rt
