// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/dsrun/Interrupt.h"
#include "runtime/plan/TemporaryOutput.h"
#include <cerrno>
#include <csignal>
#include <cstring>
#include <poll.h>
#include <unistd.h>

namespace ds::dsrun {
namespace {

std::atomic<bool> stopped = false;
std::atomic<int> lastSignal = 0;
std::atomic<const char *> lastWords = nullptr;
static_assert(std::atomic<bool>::is_always_lock_free &&
              std::atomic<int>::is_always_lock_free &&
              std::atomic<const char *>::is_always_lock_free);

void handle(int signal) {
  lastSignal = signal;
  if (!stopped.exchange(true))
    return;
  rt::removePendingOutput();
  const char *words = lastWords;
  [[maybe_unused]] ssize_t put =
      words ? write(STDOUT_FILENO, words, std::strlen(words)) : 0;
  _exit(128 + signal);
}

} // namespace

void Interrupt::install() {
  struct sigaction action{};
  action.sa_handler = handle; // no SA_RESTART: a read of the terminal ends
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

const std::atomic<bool> &Interrupt::flag() { return stopped; }

bool Interrupt::waitToRead(int descriptor) {
  sigset_t stops, before;
  sigemptyset(&stops);
  sigaddset(&stops, SIGINT);
  sigaddset(&stops, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &stops, &before);
  pollfd input{.fd = descriptor, .events = POLLIN, .revents = 0};
  // Only this call lets the signals through.
  while (!stopped && ppoll(&input, 1, nullptr, &before) < 0 && errno == EINTR)
    ;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return !stopped;
}

int Interrupt::signal() { return lastSignal; }

void Interrupt::forget() {
  lastSignal = 0;
  stopped = false;
}

void Interrupt::setLastWords(const char *text) { lastWords = text; }

void Interrupt::stop() { stopped = true; }

} // namespace ds::dsrun
