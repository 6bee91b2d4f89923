// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How an inlined function is spelt: DS_INLINE in headers that CPU and CUDA
// kernels share, DS_DEVICE in CUDA kernels, which any other compiler than
// CUDA's turns into calls of the emulation (DS_EMULATED). Under NVRTC there is
// no header but ours and hardly a compiler builtin but bit_cast.
#pragma once

#ifdef __CUDACC__
#define DS_EMULATED 0
#define DS_DEVICE __device__ __forceinline__
#define DS_INLINE __host__ __device__ __forceinline__
// Callable on both sides; inlined where the compiler likes.
#define DS_SHARED_FUNCTION __host__ __device__
// Element types keep their natural alignment: the runtime places weights in
// device memory, so nothing lies at an odd byte there.
#define DS_PACKED
#else
#define DS_EMULATED 1
#define DS_DEVICE [[clang::always_inline]] inline
#define DS_INLINE [[clang::always_inline]] inline
#define DS_SHARED_FUNCTION
#define DS_PACKED [[gnu::packed]]
#endif
