// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Whether this program emulates CUDA: dsrun-emu does, dsrun does not.
#pragma once
#include "runtime/exec/Session.h"

namespace ds::dsrun {

/// Null where it does not.
rt::MakeEmulation makeEmulation();

} // namespace ds::dsrun
