// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a tile load reads of a matrix in device memory: opaque to kernels. The
// driver encodes it for a device, emu::encodeTensorMap for the emulation.
#pragma once
#include <stdint.h>

namespace ds::kernels {

struct alignas(64) TensorMap {
  uint64_t words[16];
};
static_assert(sizeof(TensorMap) == 128);

} // namespace ds::kernels
