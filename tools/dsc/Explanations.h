// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What an error means, in more words than its message has room for.
#pragma once
#include "runtime/base/Status.h"
#include <span>
#include <string_view>

namespace ds {

struct Explanation {
  ErrorCode code;
  std::string_view name; // of the row in Errors.def
  std::string_view cause;
  std::string_view example; // a message after "error[Ennn]: "
  std::string_view remedy;
};

/// One for each error, in the order of Errors.def.
std::span<const Explanation> explanations();

} // namespace ds
