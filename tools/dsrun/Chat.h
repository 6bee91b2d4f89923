// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A conversation on standard input: a line is a turn.
#pragma once
#include "runtime/exec/Generator.h"
#include "tools/dsrun/TextPart.h"
#include <string>

namespace ds::dsrun {

/// Answers turns until the input ends. `form` gives everything but the prompt.
/// SIGINT stops the answer that is being given; the conversation goes on. What
/// ends it otherwise is returned: an error, or Success with the signal left in
/// Interrupt::signal().
Status chat(rt::Generator &generator, const TextPart &text,
            const std::string *system, const rt::Request &form);

/// "prefill …, decode …, first token …" on standard error.
void printSpeed(const rt::GenerationStats &stats);

} // namespace ds::dsrun
