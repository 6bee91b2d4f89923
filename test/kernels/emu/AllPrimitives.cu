// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/kernels/emu/AllPrimitives.cuh"

using namespace ds::kernels::cuda;

#ifdef __CUDACC__
#define DS_TEST_KERNEL extern "C" __global__ __launch_bounds__(256, 1)
#else
#define DS_TEST_KERNEL extern "C"
#endif

DS_TEST_KERNEL void threads(const float *in, float *out) {
  useThreads(in, out);
}
DS_TEST_KERNEL void arithmetic(const float *in, float *out) {
  useArithmetic(in, out);
}
DS_TEST_KERNEL void memory(const void *in, void *out) { useMemory(in, out); }
DS_TEST_KERNEL void matrices(float *out) { useMatrices(out); }
DS_TEST_KERNEL void tiles(const ds::kernels::TensorMap *map, float *out) {
  useTiles(map, out);
}
