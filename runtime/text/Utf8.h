// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One character of UTF-8 at a time.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ds::rt {

enum class Utf8State : uint8_t {
  Valid,
  Invalid,    // no continuation can make these bytes a character
  Incomplete, // the text ends inside a character
};

struct Utf8Char {
  uint32_t codePoint; // of a valid character
  uint32_t length;    // bytes; of an invalid one, the longest start of a
                      // character (at least 1): what one U+FFFD replaces
  Utf8State state;
};

/// The character at the start of a text that is not empty.
Utf8Char firstUtf8(std::string_view text);

/// Offset of the first byte that belongs to no character; npos when valid.
size_t findInvalidUtf8(std::string_view text);

} // namespace ds::rt
