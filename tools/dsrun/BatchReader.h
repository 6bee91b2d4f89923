// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The lines of a --batch file, which is JSON Lines.
#pragma once
#include "runtime/base/Status.h"
#include "runtime/text/ChatFormat.h"
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace ds::dsrun {

/// A prompt as text, as token ids, or as the turns of a conversation.
using BatchPrompt = std::variant<std::string, std::vector<uint32_t>,
                                 std::vector<rt::Message>>;

/// Reads a line: a JSON string, or an object whose `prompt` or `question` is a
/// string, whose `ids` is an array of token ids, or whose `messages` is an
/// array of turns; the first of these that is there counts, other keys are
/// skipped. A turn has `role` (system, user, assistant, tool), `content` (a
/// string; null or absent is empty) and, of an assistant, `tool_calls`: objects
/// with `function`, in it `name` and `arguments` (a string), and `type` (absent
/// is "function"). Errors: BatchLineInvalid at `where` ("FILE:7") with the byte
/// of the line.
Result<BatchPrompt> readBatchLine(std::string_view line,
                                  const std::string &file, size_t lineNumber);

/// All lines of a file's text; empty lines are skipped.
Result<std::vector<BatchPrompt>> readBatch(std::string_view text,
                                           const std::string &file);

} // namespace ds::dsrun
