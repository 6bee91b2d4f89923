// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "compiler/Options.h"
#include "runtime/base/Status.h"
#include "tools/terminal/Color.h"
#include <optional>
#include <string>
#include <variant>

namespace ds {

struct CompileCommand {
  CompileOptions options;
  bool quiet = false, verbose = false;
  bool useCache = true; // of compiled CUDA code
};
struct InspectCommand {
  std::string plan;
  bool json = false, steps = false, weights = false, why = false;
};
struct ExplainCommand {
  std::string code; // as written; empty: all
  bool json = false;
};
struct DoctorCommand {
  std::string folder; // empty: no disk is measured
  bool json = false;
};
/// Text that was asked for (--help, --version, a script, a manual page); the
/// program prints it and ends.
struct PrintCommand {
  std::string text;
};
using Command = std::variant<CompileCommand, InspectCommand, ExplainCommand,
                             DoctorCommand, PrintCommand>;

/// Reads dsc's command line; `color` is what it says of colour, an error or
/// not. Errors: UsageError naming the option, what was found, what was
/// expected, and what may have been meant.
Result<Command> parseCommandLine(int argc, const char *const *argv,
                                 terminal::ColorChoice &color);

} // namespace ds
