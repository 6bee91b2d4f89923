// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The classes of characters that pre-tokenizer patterns speak of.
#pragma once
#include <cstdint>

namespace ds::rt {

/// \p{L}, \p{M}, \p{N}, \p{P}, \p{S} and \s do not overlap; the order is that
/// of UnicodeTables.py.
enum class CharClass : uint8_t {
  Other, // controls, formats, private use, unassigned
  Letter,
  Mark,
  Number,
  Punctuation,
  Symbol,
  Space,
};

/// Class of a code point below 0x110000, by Unicode 15.0.
CharClass charClass(uint32_t codePoint);

} // namespace ds::rt
