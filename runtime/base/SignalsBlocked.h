// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <csignal>

namespace ds {

/// While one of these lives, no handler of a signal from outside runs in this
/// thread, nor ever in a thread that is started meanwhile: threads begin with
/// the mask of their maker. Where all but one thread began so, what that one
/// blocks is blocked in the process. Signals of a fault stay as they are: to
/// block them would only hide where the fault was.
class SignalsBlocked {
public:
  SignalsBlocked() {
    sigset_t blocked;
    ::sigfillset(&blocked);
    for (int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT})
      ::sigdelset(&blocked, fault);
    ::pthread_sigmask(SIG_BLOCK, &blocked, &before_);
  }
  SignalsBlocked(const SignalsBlocked &) = delete;
  ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

private:
  sigset_t before_;
};

} // namespace ds
