// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Two kernels as units have them; each DS_PLANTED is one mistake that the
// manifest has to show.
#include "kernels/base/DeviceCall.h"

#define SPILLS 1
#define LARGER_PARAMETER 2
#define MORE_BARRIERS 3
#define MORE_CODE 4
#define MORE_REGISTERS 5
#define ANOTHER_KERNEL 6
#define LOCAL_ARRAY 7
#define ACCUMULATOR_IN_FLIGHT 8

#if DS_PLANTED == LARGER_PARAMETER
struct Parameter {
  ds::DeviceCall call;
  void *more;
};
#else
struct Parameter {
  ds::DeviceCall call;
};
#endif

#if DS_PLANTED == SPILLS
#define BOUNDS __launch_bounds__(1024, 2)
constexpr int kValues = 80;
#elif DS_PLANTED == MORE_REGISTERS || DS_PLANTED == LOCAL_ARRAY
#define BOUNDS __launch_bounds__(128)
constexpr int kValues = 48;
#else
#define BOUNDS __launch_bounds__(128)
constexpr int kValues = 8;
#endif

extern "C" __global__ void BOUNDS
values(const __grid_constant__ Parameter parameter) {
  auto *y = static_cast<float *>(parameter.call.operands[0]);
  const int n = int(parameter.call.batch->tokens);
  float v[kValues];
#pragma unroll
  for (int i = 0; i < kValues; ++i)
    v[i] = y[i * n + threadIdx.x];
  for (int round = 0; round < n; ++round)
#pragma unroll
    for (int i = 0; i < kValues; ++i)
      v[i] = v[i] * v[(i * 3 + 1) % kValues] + v[(i + 1) % kValues];
#if DS_PLANTED == LOCAL_ARRAY
  y[0] = v[n % kValues];
#endif
#pragma unroll
  for (int i = 0; i < kValues; ++i)
    y[i * n + threadIdx.x] = v[i];
}

extern "C" __global__ void __launch_bounds__(128)
    turned(const __grid_constant__ Parameter parameter) {
  __shared__ float row[128];
  auto *y = static_cast<float *>(parameter.call.operands[0]);
  row[threadIdx.x] = y[threadIdx.x];
  __syncthreads();
#if DS_PLANTED == MORE_BARRIERS
  asm volatile("bar.sync 1, 128;" ::: "memory");
#endif
#if DS_PLANTED == MORE_CODE
  for (unsigned i = 2; i < 40; ++i)
    y[threadIdx.x * i] = row[(threadIdx.x * i) & 127];
#endif
  y[threadIdx.x] = row[127 - threadIdx.x];
}

#if DS_PLANTED == ANOTHER_KERNEL
// By its name it multiplies on the matrix units.
extern "C" __global__ void
linear_f8e4m3fn_f8e4m3fn_bs128_sm90a(const __grid_constant__ Parameter p) {
  *static_cast<float *>(p.call.operands[0]) = 1;
}
#endif

#if DS_PLANTED == ACCUMULATOR_IN_FLIGHT
extern "C" __global__ void __launch_bounds__(128)
    multiplied(const __grid_constant__ Parameter parameter) {
  auto *y = static_cast<float *>(parameter.call.operands[0]);
  auto a = reinterpret_cast<uint64_t>(parameter.call.operands[1]);
  float d[4] = {};
  for (int round = 0; round < 2; ++round) {
    asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
    asm volatile("wgmma.mma_async.sync.aligned.m64n8k16.f32.bf16.bf16 "
                 "{%0, %1, %2, %3}, %4, %4, 1, 1, 1, 0, 0;"
                 : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
                 : "l"(a));
    asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
    d[0] += y[threadIdx.x]; // no wait before it
  }
  asm volatile("wgmma.wait_group.sync.aligned 0;" ::: "memory");
  for (int i = 0; i < 4; ++i)
    y[4 * threadIdx.x + i] = d[i];
}
#endif
