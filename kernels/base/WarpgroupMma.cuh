// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The PTX of wgmma for each width; Tile.cuh gives it a form. The accumulators
// are operands 0 .. n - 1, then a, b, and whether to add.
#pragma once

#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
namespace ds::kernels::cuda {

// clang-format off
#define DS_D4(i) "+f"(d[i]), "+f"(d[i + 1]), "+f"(d[i + 2]), "+f"(d[i + 3])
#define DS_D8(i) DS_D4(i), DS_D4(i + 4)
#define DS_D16(i) DS_D8(i), DS_D8(i + 8)
#define DS_D32(i) DS_D16(i), DS_D16(i + 16)
#define DS_D64(i) DS_D32(i), DS_D32(i + 32)
#define DS_D128(i) DS_D64(i), DS_D64(i + 64)

#define DS_R8 "%0, %1, %2, %3, %4, %5, %6, %7"
#define DS_R16 DS_R8 ", %8, %9, %10, %11, %12, %13, %14, %15"
#define DS_R32 DS_R16 ", %16, %17, %18, %19, %20, %21, %22, %23, %24, %25, " \
  "%26, %27, %28, %29, %30, %31"
#define DS_R64 DS_R32 ", %32, %33, %34, %35, %36, %37, %38, %39, %40, %41, " \
  "%42, %43, %44, %45, %46, %47, %48, %49, %50, %51, %52, %53, %54, %55, " \
  "%56, %57, %58, %59, %60, %61, %62, %63"
#define DS_R128 DS_R64 ", %64, %65, %66, %67, %68, %69, %70, %71, %72, %73, " \
  "%74, %75, %76, %77, %78, %79, %80, %81, %82, %83, %84, %85, %86, %87, " \
  "%88, %89, %90, %91, %92, %93, %94, %95, %96, %97, %98, %99, %100, %101, " \
  "%102, %103, %104, %105, %106, %107, %108, %109, %110, %111, %112, %113, " \
  "%114, %115, %116, %117, %118, %119, %120, %121, %122, %123, %124, %125, " \
  "%126, %127"

#define DS_WARPGROUP_MMA(name, shape, types, count, a, b, add, flags)          \
  DS_DEVICE void name(float (&d)[count], uint64_t descriptorA,                 \
                      uint64_t descriptorB, bool accumulate) {                 \
    asm volatile("{\n.reg .pred p;\nsetp.ne.b32 p, " add ", 0;\n"              \
                 "wgmma.mma_async.sync.aligned." shape ".f32." types " {"      \
                 DS_R##count "}, " a ", " b ", p, " flags ";\n}"               \
                 : DS_D##count(0)                                              \
                 : "l"(descriptorA), "l"(descriptorB),                         \
                   "r"(uint32_t(accumulate)));                                 \
  }
// Factors of a and b are 1; bf16 also says that neither is transposed.
#define DS_WARPGROUP_MMAS(n, count, a, b, add)                                 \
  DS_WARPGROUP_MMA(warpgroupMmaF8, "m64n" #n "k32", "e4m3.e4m3", count, a, b,  \
                   add, "1, 1")                                                \
  DS_WARPGROUP_MMA(warpgroupMmaBF16, "m64n" #n "k16", "bf16.bf16", count, a,   \
                   b, add, "1, 1, 0, 0")

DS_WARPGROUP_MMAS(16, 8, "%8", "%9", "%10")
DS_WARPGROUP_MMAS(32, 16, "%16", "%17", "%18")
DS_WARPGROUP_MMAS(64, 32, "%32", "%33", "%34")
DS_WARPGROUP_MMAS(128, 64, "%64", "%65", "%66")
DS_WARPGROUP_MMAS(256, 128, "%128", "%129", "%130")

#undef DS_WARPGROUP_MMAS
#undef DS_WARPGROUP_MMA
#undef DS_R128
#undef DS_R64
#undef DS_R32
#undef DS_R16
#undef DS_R8
#undef DS_D128
#undef DS_D64
#undef DS_D32
#undef DS_D16
#undef DS_D8
#undef DS_D4
// clang-format on

} // namespace ds::kernels::cuda
#endif
