// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// CUDAFunctions.def says of each function what the toolkit's header says: as
// many parameters, each of the same size, pointers where there are pointers.
// Compiles, or does not.
#include <cstddef>
#include <cstdint>
#include <cuda.h>
#include <gtest/gtest.h>
#include <type_traits>

namespace {

template <class Ours, class Theirs>
constexpr bool isAlike = sizeof(Ours) == sizeof(Theirs) &&
                         std::is_pointer_v<Ours> == std::is_pointer_v<Theirs>;

template <class Ours, class Theirs>
struct Signature : std::false_type {};
template <class... Ours, class... Theirs>
requires(
    sizeof...(Ours) ==
    sizeof...(Theirs)) struct Signature<unsigned(Ours...), CUresult(Theirs...)>
    : std::bool_constant<(isAlike<Ours, Theirs> && ...)> {
};

#define FUNCTION(name, symbol, ...)                                            \
  static_assert(Signature<unsigned(__VA_ARGS__), decltype(symbol)>::value,     \
                #symbol);
#include "runtime/device/CUDAFunctions.def"

// Numbers that runtime/device/CUDADevice.cpp writes out.
static_assert(CUDA_ERROR_OUT_OF_MEMORY == 2 && CUDA_ERROR_NO_DEVICE == 100 &&
              CUDA_ERROR_NOT_FOUND == 500 && CUDA_ERROR_NOT_READY == 600);
static_assert(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR == 75 &&
              CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR == 76 &&
              CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES == 8);
static_assert(CU_STREAM_NON_BLOCKING == 1 && CU_EVENT_DISABLE_TIMING == 2 &&
              CU_STREAM_CAPTURE_MODE_THREAD_LOCAL == 1);
static_assert(CU_TENSOR_MAP_DATA_TYPE_UINT8 == 0 &&
              CU_TENSOR_MAP_DATA_TYPE_BFLOAT16 == 9 &&
              CU_TENSOR_MAP_INTERLEAVE_NONE == 0 &&
              CU_TENSOR_MAP_SWIZZLE_128B == 3 &&
              CU_TENSOR_MAP_L2_PROMOTION_L2_128B == 2 &&
              CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE == 0);
static_assert(sizeof(CUtensorMap) == 128 && alignof(CUtensorMap) <= 128);

} // namespace

TEST(CUDASignatures, AreTheToolkits) { SUCCEED() << "checked by the compiler"; }
