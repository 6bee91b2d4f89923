// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Another program, from and to memory.
#pragma once
#include "runtime/base/Status.h"
#include <span>
#include <string>
#include <string_view>

namespace ds {

struct ProgramRun {
  int status; // its exit status, or 128 and the signal that ended it
  std::string out, messages;
};

/// Runs `program` (a path) and waits for its end. Its streams are files in memory,
/// so nothing is left behind whatever ends either of the two; it can open its
/// input again as /dev/stdin. Signals have their default effect there. Safe on
/// several threads. Errors: `missing` where it cannot be started, OutputCreate (5)
/// where there is no memory for a stream.
Result<ProgramRun> runProgram(const std::string &program,
                              std::span<const char *const> arguments,
                              std::string_view input, ErrorCode missing);

} // namespace ds
