// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/options/ExitMeaning.h"

namespace ds::options {

std::string_view meaningOf(Exit exit) {
  switch (exit) {
  case Exit::Success:
    return "success";
  case Exit::Internal:
    return "an error of the program itself";
  case Exit::Usage:
    return "the command line is wrong";
  case Exit::Invalid:
    return "the model or the prompt is wrong";
  case Exit::Unsupported:
    return "valid, and not supported";
  case Exit::InputOutput:
    return "reading or writing failed";
  case Exit::Limit:
    return "a stated limit is exceeded";
  case Exit::Rejected:
    return "the plan is damaged";
  case Exit::Unfit:
    return "the plan does not fit this machine or this version";
  case Exit::Device:
    return "a device failed";
  case Exit::Numerical:
    return "the numbers are not finite";
  case Exit::Distributed:
    return "a rank failed";
  case Exit::Server:
    return "the server cannot start";
  }
  __builtin_unreachable();
}

} // namespace ds::options
