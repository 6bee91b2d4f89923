// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// While one lives, a fault of a kernel on this OS thread (an address that is
// not mapped, beyond shared memory, a stack that is full) ends its block with a
// report in place of the program. Other faults go where they went before.
// Under a sanitizer it does nothing: the sanitizer tells more.
#pragma once
#include <csignal>

namespace ds::emu {

class FaultGuard {
public:
  FaultGuard();
  ~FaultGuard();
  FaultGuard(const FaultGuard &) = delete;
  FaultGuard &operator=(const FaultGuard &) = delete;

private:
  stack_t before = {};
};

} // namespace ds::emu
