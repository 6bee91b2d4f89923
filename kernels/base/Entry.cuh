// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How a unit names a kernel. It is one function of one parameter; the emulation
// calls it for every thread.
#pragma once
#include "kernels/base/DeviceCall.h"

#if defined(__CUDACC__)
// One block on a multiprocessor is enough: left to guess, ptxas spills registers
// to fit one more.
#define DS_CUDA_KERNEL(name, threads)                                          \
  extern "C" __global__ void __launch_bounds__(threads, 1)                     \
      name(const __grid_constant__ ds::DeviceCall call)
#else
#define DS_CUDA_KERNEL(name, threads)                                          \
  extern "C" __attribute__((visibility("default"))) void name(                 \
      const ds::DeviceCall &call)
#endif
