// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Bytes of tokens, as they come, into text that never ends inside a character.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace ds::rt {

/// All output together equals the decoding of all input together, where each
/// longest invalid start of a character becomes one U+FFFD.
class StreamDecoder {
public:
  /// Appends the characters that are complete now; up to 3 bytes wait.
  void push(std::string_view bytes, std::string &out);
  /// Appends what no further bytes can complete; the decoder is then new.
  void finish(std::string &out);

private:
  char held_[4];
  uint32_t numHeld_ = 0;
};

} // namespace ds::rt
