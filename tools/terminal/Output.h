// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a tool writes to standard output, and whether it got there.
#pragma once
#include "runtime/base/Status.h"
#include <string_view>

namespace ds::terminal {

/// To be called first. A standard stream that is closed is put in place by one
/// that refuses its use, or the next file opened would be taken for it. A
/// closed pipe, and the limit on a file's size, become errors of the call that
/// meets them instead of signals; how a child ends can be told, even where the
/// parent of this process ignored that.
void prepareStreams();

/// Writes to standard output at once, past stdio. False once a call has failed:
/// nothing more is written then.
bool print(std::string_view text);
/// OutputWrite where a print() failed.
Status outputStatus();

} // namespace ds::terminal
