// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A conversation on standard input: a line is a turn, or a command that begins
// with a slash.
#pragma once
#include "runtime/exec/Generator.h"
#include "tools/dsrun/TextPart.h"
#include <string>

namespace ds::dsrun {

struct ChatDisplay {
  bool quiet = false;  // no speeds, no progress
  bool dims = false;   // reasoning is dim on standard output
  bool colors = false; // of errors on standard error
};

/// Answers turns until the input ends. `form` gives everything but the prompt.
/// SIGINT stops the answer that is being given; the conversation goes on, and so
/// it does without a turn that cannot be answered. What
/// ends it otherwise is returned: an error, or Success with the signal left in
/// Interrupt::signal().
Status chat(rt::Generator &generator, const TextPart &text,
            const std::string *system, const rt::Request &form,
            const ChatDisplay &display);

/// "prefill …, decode …, first token …" on standard error.
void printSpeed(const rt::GenerationStats &stats);

} // namespace ds::dsrun
