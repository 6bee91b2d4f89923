// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The lines of a --batch file, which is JSON Lines.
#pragma once
#include "runtime/base/Status.h"
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace ds::dsrun {

/// A prompt as text, or as token ids.
using BatchPrompt = std::variant<std::string, std::vector<uint32_t>>;

/// Reads a line: a JSON string, or an object whose `prompt` or `question` is a
/// string or whose `ids` is an array of token ids; the first of these that is
/// there counts, other keys are skipped. Errors: BatchLineInvalid at `where`
/// ("FILE:7") with the byte of the line.
Result<BatchPrompt> readBatchLine(std::string_view line,
                                  const std::string &file, size_t lineNumber);

/// All lines of a file's text; empty lines are skipped.
Result<std::vector<BatchPrompt>> readBatch(std::string_view text,
                                           const std::string &file);

} // namespace ds::dsrun
