// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/dsc/Interrupt.h"
#include "runtime/base/Status.h"
#include "runtime/plan/TemporaryOutput.h"
#include "tools/terminal/ProgressBar.h"
#include <csignal>
#include <unistd.h>

namespace ds {
namespace {

struct Lines {
  std::string unchanged, written;
};
/// Made before any signal can come; never freed, as one may come while the
/// process ends.
const Lines *lines = nullptr;

/// Only calls what a signal handler may call.
void handle(int signal) {
  const std::string &line =
      rt::removePendingOutput() ? lines->unchanged : lines->written;
  terminal::endBars();
  [[maybe_unused]] ssize_t put =
      ::write(STDERR_FILENO, line.data(), line.size());
  ::_exit(128 + signal);
}

} // namespace

void endCleanlyOnSignals(const std::string &output, bool hasBar) {
  std::string name = printable(output);
  std::string begin = hasBar ? "\r\x1b[K" : "";
  begin += "dsc: interrupted; " + name;
  lines = new Lines{begin + " unchanged\n", begin + " was already written\n"};
  struct sigaction action{};
  action.sa_handler = handle;
  ::sigfillset(&action.sa_mask);
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

} // namespace ds
