// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the command line asks for, as ids.
#pragma once
#include "tools/dsrun/Options.h"
#include "tools/dsrun/TextPart.h"
#include <memory>
#include <vector>

namespace ds::dsrun {

/// The prompts of the command line, in order. `text` is opened where a prompt
/// needs it and it is not open yet. Errors: of the files (5, 6), of a batch's
/// lines (3), of TextPart.
Result<std::vector<std::vector<uint32_t>>>
readPrompts(const Options &options, const rt::PlanView &plan,
            std::unique_ptr<TextPart> &text);

} // namespace ds::dsrun
