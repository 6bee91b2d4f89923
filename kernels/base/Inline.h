// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How a function that host code, kernels on the CPU and CUDA kernels share is
// marked.
#pragma once

#if defined(__CUDACC__)
#define DS_INLINE __host__ __device__ __forceinline__
#define DS_SHARED_FUNCTION __host__ __device__
#else
/// Always inlined, also where nothing is optimised.
#define DS_INLINE [[clang::always_inline]] inline
/// Callable on both sides; inlined where the compiler likes.
#define DS_SHARED_FUNCTION
#endif
