// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/dsc/Commands.h"
#include "tools/terminal/Output.h"
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
  terminal::print(command.text);
  return 0;
}

} // namespace

int main(int argc, char **argv) {
  terminal::prepareStreams();
  auto color = ColorChoice::Auto;
  Result<Command> command = parseCommandLine(argc, argv, color);
  Status status;
  int exit = 0;
  if (command) {
    Result<int> done = std::visit(
        [color](const auto &chosen) { return run(chosen, color); }, *command);
    if (done)
      exit = *done;
    else
      status = done.takeStatus();
  } else {
    status = command.takeStatus();
  }
  status.add(terminal::outputStatus());
  std::fputs(terminal::statusText(
                 status, "dsc", terminal::usesColor(color, STDERR_FILENO))
                 .c_str(),
             stderr);
  return status ? exit : int(status.exit());
}
