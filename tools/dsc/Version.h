// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <string>

namespace ds {
/// "dsc 0.1.0 (plan format 1.0, LLVM 22.1.8)".
std::string versionText();
} // namespace ds
