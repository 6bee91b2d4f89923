// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/dsrun/Emulation.h"

namespace ds::dsrun {

rt::MakeEmulation makeEmulation() { return nullptr; }

} // namespace ds::dsrun
