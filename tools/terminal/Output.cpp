// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/terminal/Output.h"
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

namespace ds::terminal {
namespace {

int outputError = 0;

} // namespace

void prepareStreams() {
  for (int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (::fcntl(stream, F_GETFD) < 0 && errno == EBADF)
      // The lowest free number, which is the stream's.
      ::open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY);
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGXFSZ, SIG_IGN);
  ::signal(SIGCHLD, SIG_DFL); // ignored, nobody learns how a child ends
}

bool print(std::string_view text) {
  while (!text.empty() && !outputError) {
    ssize_t done = ::write(STDOUT_FILENO, text.data(), text.size());
    if (done >= 0)
      text.remove_prefix(size_t(done));
    else if (errno != EINTR)
      outputError = errno;
  }
  return !outputError;
}

Status outputStatus() {
  if (!outputError)
    return {};
  return Error{.code = ErrorCode::OutputWrite,
               .file = "standard output",
               .subject = std::string("cannot write: ") +
                          std::strerror(outputError)};
}

} // namespace ds::terminal
