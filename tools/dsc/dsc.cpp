// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/dsc/Commands.h"
#include <cstdio>
#include <unistd.h>

using namespace ds;

namespace {

using terminal::ColorChoice;

Result<int> run(const CompileCommand &command, ColorChoice) {
  DS_TRY(runCompile(command));
  return 0;
}
Result<int> run(const InspectCommand &command, ColorChoice) {
  DS_TRY(runInspect(command));
  return 0;
}
Result<int> run(const ExplainCommand &command, ColorChoice) {
  DS_TRY(runExplain(command));
  return 0;
}
Result<int> run(const DoctorCommand &command, ColorChoice color) {
  return runDoctor(command, terminal::usesColor(color, STDOUT_FILENO));
}
Result<int> run(const PrintCommand &command, ColorChoice) {
  std::fputs(command.text.c_str(), stdout);
  return 0;
}

} // namespace

int main(int argc, char **argv) {
  auto color = ColorChoice::Auto;
  Result<Command> command = parseCommandLine(argc, argv, color);
  Status status;
  if (command) {
    Result<int> exit = std::visit(
        [color](const auto &chosen) { return run(chosen, color); }, *command);
    if (exit)
      return *exit;
    status = exit.takeStatus();
  } else {
    status = command.takeStatus();
  }
  std::fputs(terminal::statusText(
                 status, "dsc", terminal::usesColor(color, STDERR_FILENO))
                 .c_str(),
             stderr);
  return int(status.exit());
}
