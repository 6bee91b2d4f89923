// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "compiler/Options.h"
#include "runtime/base/Status.h"
#include <optional>
#include <string>
#include <variant>

namespace ds {

struct CompileCommand {
  CompileOptions options;
  bool quiet = false, verbose = false;
};
struct InspectCommand {
  std::string plan;
  bool json = false, steps = false, weights = false;
};
/// Text that was asked for (--help, --version); the program prints it and ends.
struct PrintCommand {
  std::string text;
};
using Command = std::variant<CompileCommand, InspectCommand, PrintCommand>;

/// Reads dsc's command line. Errors: UsageError naming the option, what was
/// found, what was expected.
Result<Command> parseCommandLine(int argc, const char *const *argv);

} // namespace ds
