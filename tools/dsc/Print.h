// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Formatted text for the two streams. fmt's own print() throws where it cannot
// write.
#pragma once
#include "tools/terminal/Output.h"
#include <cstdio>
#include <fmt/format.h>

namespace ds {

/// To standard output; outputStatus() says at the end whether it got there.
template <class... T>
void printOut(fmt::format_string<T...> format, T &&...arguments) {
  terminal::print(fmt::format(format, std::forward<T>(arguments)...));
}

/// To standard error. That nobody can read it is no failure of the command.
template <class... T>
void printError(fmt::format_string<T...> format, T &&...arguments) {
  std::fputs(fmt::format(format, std::forward<T>(arguments)...).c_str(),
             stderr);
}

} // namespace ds
