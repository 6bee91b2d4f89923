// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The same unit as emulation.
#include "test/kernels/emu/AllPrimitives.cu"
