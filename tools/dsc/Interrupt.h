// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <string>

namespace ds {
/// From here on SIGINT and SIGTERM end the process with 128 + their number: an
/// unfinished output is removed, and one line says whether `output` is
/// unchanged or was already written. At once, but for the few system calls of
/// runtime/plan/AtomicOutput.h that must not be parted; that holds for signals
/// to the process as long as every other thread was started under
/// SignalsBlocked. `hasBar`: the line takes the place of a bar's.
void endCleanlyOnSignals(const std::string &output, bool hasBar);
} // namespace ds
