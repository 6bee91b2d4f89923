// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "tools/options/Tool.h"

namespace ds::options {
/// One script that completes the command lines of the tools: options, words,
/// files.
std::string bashCompletion(const std::vector<Tool> &tools);
std::string zshCompletion(const std::vector<Tool> &tools);
std::string fishCompletion(const std::vector<Tool> &tools);
} // namespace ds::options
