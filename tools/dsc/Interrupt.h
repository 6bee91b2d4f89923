// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <string>

namespace ds {
/// From here on SIGINT and SIGTERM end the process at once with 128 + their
/// number: the unfinished output is removed, and one line says that `output`
/// is unchanged.
void endCleanlyOnSignals(const std::string &output);
} // namespace ds
