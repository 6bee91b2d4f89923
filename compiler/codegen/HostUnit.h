// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A CUDA translation unit as code for this CPU, for the emulation.
#pragma once
#include "runtime/base/Status.h"
#include <cstdint>
#include <string>
#include <vector>

namespace ds {

/// What decides the bytes that clang makes of a unit, beside the unit.
Result<std::vector<std::string>> hostUnitKey(const std::string &clang);

/// A shared object that needs nothing but the emulation of the program that
/// loads it. Equal input gives equal bytes. Errors: ClangMissing where `clang`
/// cannot be run, InternalError with its messages for a unit that does not
/// compile.
Result<std::vector<uint8_t>> compileHostUnit(const std::string &unit,
                                             const std::string &clang);

} // namespace ds
