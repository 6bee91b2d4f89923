// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What every fuzz target asks of every answer.
#pragma once
#include "runtime/base/Status.h"
#include <cstdio>
#include <cstdlib>

/// Ends the process where a property does not hold: the fuzzer keeps the input.
#define FUZZ_CHECK(property)                                                   \
  do {                                                                         \
    if (!(property)) {                                                         \
      std::fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__,   \
                   #property);                                                 \
      std::abort();                                                            \
    }                                                                          \
  } while (false)

namespace ds::fuzz {

/// A refusal is no bug of ours, has a text, and its text cannot play tricks
/// with a terminal.
inline void checkRefusal(const Status &status) {
  FUZZ_CHECK(!status.errors().empty());
  for (const Error &error : status.errors())
    FUZZ_CHECK(error.code != ErrorCode::InternalError);
  std::string text = status.text("fuzz");
  FUZZ_CHECK(!text.empty() && text.back() == '\n');
  for (char c : text)
    FUZZ_CHECK(c == '\n' || (uint8_t(c) >= 0x20 && c != 0x7F));
}

} // namespace ds::fuzz
