// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The alphabet of byte-level tokenizers: 256 printable characters that stand
// for the 256 bytes. Printable bytes of Latin-1 stand for themselves, the
// others take U+0100, U+0101, … in order.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ds {

/// The character of a byte, in UTF-8.
std::string letterOfByte(uint8_t byte);
/// The bytes that the characters of a token stand for; nullopt where one of
/// them is not of the alphabet. `token` is valid UTF-8.
std::optional<std::string> bytesOfLetters(std::string_view token);

} // namespace ds
