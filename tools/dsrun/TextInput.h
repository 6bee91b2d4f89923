// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The text of a file of prompts.
#pragma once
#include "runtime/base/Status.h"
#include <cstddef>
#include <string>

namespace ds::dsrun {

/// Far more than the largest context holds; a batch of so many bytes is better
/// given in parts.
constexpr size_t kMaxInputBytes = size_t(64) << 20;

/// All of a file; "-" is standard input, of whatever kind. Empty after a
/// signal. Errors: FileUnreadable (5), also for what is no regular file;
/// PromptTooLarge (6).
Result<std::string> readText(const std::string &path);

} // namespace ds::dsrun
