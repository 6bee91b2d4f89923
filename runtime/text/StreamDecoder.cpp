// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/text/StreamDecoder.h"
#include "runtime/text/Utf8.h"

namespace ds::rt {
namespace {
constexpr std::string_view kReplacement = "\xEF\xBF\xBD"; // U+FFFD
}

void StreamDecoder::push(std::string_view bytes, std::string &out) {
  // A held start takes one byte at a time until it is a character or is none.
  while (numHeld_ != 0 && !bytes.empty()) {
    held_[numHeld_] = bytes[0];
    Utf8Char next = firstUtf8({held_, numHeld_ + 1});
    if (next.state == Utf8State::Invalid) { // the new byte starts afresh
      out += kReplacement;
      numHeld_ = 0;
      break;
    }
    bytes.remove_prefix(1);
    ++numHeld_;
    if (next.state == Utf8State::Valid) {
      out.append(held_, numHeld_);
      numHeld_ = 0;
    }
  }
  while (!bytes.empty()) {
    Utf8Char next = firstUtf8(bytes);
    if (next.state == Utf8State::Incomplete) {
      for (; numHeld_ < next.length; ++numHeld_)
        held_[numHeld_] = bytes[numHeld_];
      return;
    }
    if (next.state == Utf8State::Valid)
      out += bytes.substr(0, next.length);
    else
      out += kReplacement;
    bytes.remove_prefix(next.length);
  }
}

void StreamDecoder::finish(std::string &out) {
  if (numHeld_ != 0)
    out += kReplacement;
  numHeld_ = 0;
}

} // namespace ds::rt
