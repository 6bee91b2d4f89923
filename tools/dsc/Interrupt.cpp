// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/dsc/Interrupt.h"
#include "runtime/base/Status.h"
#include "runtime/plan/AtomicOutput.h"
#include <csignal>
#include <unistd.h>

namespace ds {
namespace {

std::string unchanged, written; // lines, made before any signal can come

/// Only calls what a signal handler may call.
void handle(int signal) {
  const std::string &line = rt::removePendingOutput() ? unchanged : written;
  [[maybe_unused]] ssize_t put =
      ::write(STDERR_FILENO, line.data(), line.size());
  ::_exit(128 + signal);
}

} // namespace

void endCleanlyOnSignals(const std::string &output) {
  std::string name = printable(output);
  unchanged = "dsc: interrupted; " + name + " unchanged\n";
  written = "dsc: interrupted; " + name + " was already written\n";
  struct sigaction action{};
  action.sa_handler = handle;
  ::sigfillset(&action.sa_mask);
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  ::signal(SIGXFSZ, SIG_IGN);
  ::signal(SIGPIPE, SIG_IGN);
}

} // namespace ds
