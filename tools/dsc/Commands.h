// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "tools/dsc/CommandLine.h"

namespace ds {
/// Compiles; progress and the closing box go to standard error.
Status runCompile(const CompileCommand &command);
/// Describes a plan on standard output. Code in the plan is never run.
Status runInspect(const InspectCommand &command);
/// Explains an error on standard output, or lists all. Errors: UsageError where
/// there is no such code, with those that are near.
Status runExplain(const ExplainCommand &command);
/// Examines this machine; what is found goes to standard output. The exit
/// status is that of the first check that failed: Unfit where the machine will
/// not do, else that of the error which the check met.
Result<int> runDoctor(const DoctorCommand &command, bool color);
} // namespace ds
