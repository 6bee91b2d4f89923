// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/dsc/Interrupt.h"
#include "runtime/base/Status.h"
#include "runtime/plan/AtomicOutput.h"
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
  [[maybe_unused]] ssize_t put =
      ::write(STDERR_FILENO, line.data(), line.size());
  ::_exit(128 + signal);
}

} // namespace

void endCleanlyOnSignals(const std::string &output) {
  std::string name = printable(output);
  lines = new Lines{"dsc: interrupted; " + name + " unchanged\n",
                    "dsc: interrupted; " + name + " was already written\n"};
  struct sigaction action{};
  action.sa_handler = handle;
  ::sigfillset(&action.sa_mask);
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

} // namespace ds
