// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/text/ByteAlphabet.h"
#include <array>

namespace ds {
namespace {

constexpr uint32_t kNumLetters = 0x144; // 68 bytes are not printable

constexpr bool isPrintable(uint32_t byte) {
  return (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) ||
         (byte >= 0xae && byte <= 0xff);
}

struct Alphabet {
  std::array<uint16_t, 256> letters{};      // code point of each byte
  std::array<int16_t, kNumLetters> bytes{}; // -1: not of the alphabet
};

constexpr Alphabet kAlphabet = [] {
  Alphabet alphabet;
  alphabet.bytes.fill(-1);
  uint16_t next = 0x100;
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint16_t letter = isPrintable(byte) ? uint16_t(byte) : next++;
    alphabet.letters[byte] = letter;
    alphabet.bytes[letter] = int16_t(byte);
  }
  return alphabet;
}();

} // namespace

std::string letterOfByte(uint8_t byte) {
  uint16_t letter = kAlphabet.letters[byte];
  if (letter < 0x80)
    return {char(letter)};
  return {char(0xc0 | letter >> 6), char(0x80 | (letter & 0x3f))};
}

std::optional<std::string> bytesOfLetters(std::string_view token) {
  std::string bytes;
  for (size_t at = 0; at < token.size(); ++at) {
    uint32_t letter = uint8_t(token[at]);
    if (letter >= 0xe0) // three bytes or more: past the alphabet
      return std::nullopt;
    if (letter >= 0x80)
      letter = (letter & 0x1f) << 6 | (uint8_t(token[++at]) & 0x3f);
    if (letter >= kNumLetters || kAlphabet.bytes[letter] < 0)
      return std::nullopt;
    bytes += char(kAlphabet.bytes[letter]);
  }
  return bytes;
}

} // namespace ds
