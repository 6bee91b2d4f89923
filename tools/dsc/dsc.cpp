// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/dsc/Commands.h"
#include <cstdio>

using namespace ds;

namespace {
int report(const Status &status) {
  std::fputs(status.text("dsc").c_str(), stderr);
  return int(status.exit());
}
} // namespace

int main(int argc, char **argv) {
  Result<Command> command = parseCommandLine(argc, argv);
  if (!command)
    return report(command.takeStatus());
  if (auto *print = std::get_if<PrintCommand>(&*command)) {
    std::fputs(print->text.c_str(), stdout);
    return 0;
  }
  if (auto *compile = std::get_if<CompileCommand>(&*command))
    return report(runCompile(*compile));
  return report(runInspect(std::get<InspectCommand>(*command)));
}
