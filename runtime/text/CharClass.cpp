// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/text/CharClass.h"

namespace ds::rt {
namespace {
#include "runtime/text/UnicodeTables.inc"
} // namespace

CharClass charClass(uint32_t codePoint) {
  return CharClass(
      kUnicodeBlocks[kUnicodeBlockOf[codePoint >> 8]][codePoint & 0xff]);
}

} // namespace ds::rt
