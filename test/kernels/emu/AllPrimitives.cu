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
DS_TEST_KERNEL void matricesF8(const float *in, float *out) { useF8(in, out); }

using ds::kernels::bf16;
using ds::kernels::f8e4m3fn;
#define DS_TEST_WIDTH(element, registers)                                      \
  DS_TEST_KERNEL void tiles_##element##_##registers(                           \
      const ds::TensorMap *map, float *out) {                         \
    useTiles<element, registers>(map, out);                                    \
  }
DS_TEST_WIDTH(f8e4m3fn, 8)
DS_TEST_WIDTH(f8e4m3fn, 16)
DS_TEST_WIDTH(f8e4m3fn, 32)
DS_TEST_WIDTH(f8e4m3fn, 64)
DS_TEST_WIDTH(f8e4m3fn, 128)
DS_TEST_WIDTH(bf16, 8)
DS_TEST_WIDTH(bf16, 16)
DS_TEST_WIDTH(bf16, 32)
DS_TEST_WIDTH(bf16, 64)
DS_TEST_WIDTH(bf16, 128)
