// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A shared object as `dsc` makes one for an emulated plan: freestanding, no
// emulation inside.
#include "kernels/base/Ptx.cuh"

using namespace ds::kernels::cuda;

extern "C" __attribute__((visibility("default"))) void
pluginSum(const void *out) {
  const float sum = blockSum(float(threadIndex()), sharedMemory<float>());
  if (threadIndex() == 0)
    **static_cast<float *const *>(out) = sum;
}
