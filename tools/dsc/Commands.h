// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "tools/dsc/CommandLine.h"

namespace ds {
/// Compiles; phase lines and the closing box go to standard error.
Status runCompile(const CompileCommand &command);
/// Describes a plan on standard output. Code in the plan is never run.
Status runInspect(const InspectCommand &command);
} // namespace ds
