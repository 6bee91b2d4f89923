// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/text/ControlMatcher.h"
#include <algorithm>

namespace ds::rt {

ControlMatcher::ControlMatcher(std::span<const ControlRecord> controls,
                               std::string_view text)
    : controls_(controls), text_(text) {
  for (const ControlRecord &control : controls)
    ++starts_[uint8_t(contentOf(control)[0]) + 1];
  for (size_t byte = 0; byte < 256; ++byte)
    starts_[byte + 1] += starts_[byte];
}

/// Narrows the sorted records byte by byte. A record that ends at this depth
/// sorts before all that go on, so it is the first of the range.
const ControlRecord *ControlMatcher::longestAt(std::string_view text,
                                               bool normalized) const {
  const ControlRecord *longest = nullptr;
  const ControlRecord *low = &controls_[starts_[uint8_t(text[0])]];
  const ControlRecord *high =
      low + (starts_[uint8_t(text[0]) + 1] - starts_[uint8_t(text[0])]);
  for (size_t depth = 1; low != high; ++depth) {
    if (low->length == depth) {
      if (bool(low->flags & kControlNormalized) == normalized)
        longest = low;
      ++low;
    }
    if (depth == text.size())
      break;
    auto byteAt = [&](const ControlRecord &control) {
      return uint8_t(text_[control.offset + depth]);
    };
    auto wanted = uint8_t(text[depth]);
    low = std::partition_point(
        low, high, [&](auto &control) { return byteAt(control) < wanted; });
    high = std::partition_point(
        low, high, [&](auto &control) { return byteAt(control) == wanted; });
  }
  return longest;
}

ControlMatcher::Match ControlMatcher::find(std::string_view text, size_t start,
                                           bool normalized) const {
  for (; start < text.size(); ++start) {
    auto byte = uint8_t(text[start]);
    if (starts_[byte] == starts_[byte + 1])
      continue;
    if (const auto *control = longestAt(text.substr(start), normalized))
      return {start, control};
  }
  return {text.size(), nullptr};
}

const ControlRecord *ControlMatcher::named(std::string_view content) const {
  auto at = std::ranges::lower_bound(
      controls_, content, {},
      [&](const ControlRecord &control) { return contentOf(control); });
  return at != controls_.end() && contentOf(*at) == content ? &*at : nullptr;
}

} // namespace ds::rt
