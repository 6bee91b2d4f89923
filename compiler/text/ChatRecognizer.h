// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which chat format a model folder's template is of: section CHAT of a plan.
#pragma once
#include "runtime/base/Status.h"
#include "runtime/plan/ChatRecord.h"
#include <optional>
#include <span>

namespace ds {

struct ChatRecognition {
  rt::ChatRecord record;
  std::string reason; // for the user: "chat_template.jinja ends a prompt …"
};

/// The format by what the template ends a prompt with; chat_template.jinja
/// beats tokenizer_config.json; unknown and absent templates are format None.
/// The ids are those of `tokenizer`, a TOKN section made by compileTokenizer.
/// `forced` overrules the template. ChatTokenMissing where a format, forced or
/// recognised, needs a control token that the tokenizer lacks; TokenizerLimit
/// for a template above 256 KiB; else those of files and JSON.
Result<ChatRecognition>
recognizeChat(const std::string &folder, std::span<const uint8_t> tokenizer,
              std::optional<rt::ChatFormat> forced = std::nullopt);

} // namespace ds
