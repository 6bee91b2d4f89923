// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "kernels/Catalog.h"
#include <span>

namespace ds {
/// All kernel rows of a level as LLVM bitcode, embedded when dsc was built.
std::span<const char> kernelBitcode(kernels::Level level);
} // namespace ds
