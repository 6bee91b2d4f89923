// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "tools/options/Tool.h"

namespace ds::options {
/// The manual page of section 1, as roff with the macros of man(7).
std::string manualPage(const Tool &tool);
} // namespace ds::options
