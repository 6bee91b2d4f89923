// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "runtime/base/Status.h"
#include <string_view>

namespace ds::options {
/// What an exit status is for, in a few words.
std::string_view meaningOf(Exit exit);
} // namespace ds::options
