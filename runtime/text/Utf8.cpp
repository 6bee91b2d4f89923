// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/text/Utf8.h"

namespace ds::rt {

Utf8Char firstUtf8(std::string_view text) {
  auto lead = uint8_t(text[0]);
  if (lead < 0x80)
    return {lead, 1, Utf8State::Valid};
  if (lead < 0xc2 || lead > 0xf4)
    return {0, 1, Utf8State::Invalid};
  uint32_t length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  uint32_t codePoint = lead & (0xff >> (length + 1));
  // The second byte's range keeps out overlong forms, surrogates, > U+10FFFF.
  uint8_t low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  uint8_t high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  for (uint32_t i = 1; i < length; ++i) {
    if (i == text.size())
      return {0, i, Utf8State::Incomplete};
    auto byte = uint8_t(text[i]);
    if (byte < low || byte > high)
      return {0, i, Utf8State::Invalid};
    codePoint = codePoint << 6 | (byte & 0x3f);
    low = 0x80;
    high = 0xbf;
  }
  return {codePoint, length, Utf8State::Valid};
}

size_t findInvalidUtf8(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    Utf8Char next = firstUtf8(text.substr(at));
    if (next.state != Utf8State::Valid)
      return at;
    at += next.length;
  }
  return std::string_view::npos;
}

} // namespace ds::rt
