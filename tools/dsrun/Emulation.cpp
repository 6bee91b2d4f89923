// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/dsrun/Emulation.h"
#include "runtime/emu/EmuDevice.h"

namespace ds::dsrun {

rt::MakeEmulation makeEmulation() { return rt::EmuDevice::open; }

} // namespace ds::dsrun
