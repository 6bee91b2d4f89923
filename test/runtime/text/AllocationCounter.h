// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <cstddef>

namespace ds::rt {

/// How often this program has asked for memory by operator new.
size_t numAllocations();

} // namespace ds::rt
