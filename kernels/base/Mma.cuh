// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Matrix fragments of a warp: loading them from shared memory and multiplying
// them. All lanes of the warp call together. With g = lane / 4, t = lane % 4
// the fragments are (PTX ISA, "Matrix fragments for mma"):
//
//   m16n8k16, bf16, two k to a word, the lower k in the low half
//     a[0] row g    k 2t    a[1] row g + 8  k 2t
//     a[2] row g    k 2t+8  a[3] row g + 8  k 2t+8
//     b[0] k 2t, column g   b[1] k 2t+8, column g
//   m16n8k32, f8e4m3fn, four k to a word: as above with 4t and 4t + 16
//   d[0], d[1]: row g, columns 2t and 2t + 1; d[2], d[3]: the same of row g + 8
#pragma once
#include "kernels/base/Ptx.cuh"

namespace ds::kernels::cuda {

/// Loads `kCount` matrices of 8 rows of 16 bytes. Lane 8 i + r gives the place
/// of row r of matrix i, 16-byte aligned in shared memory; lanes beyond give
/// any valid place. r[i] is then, of matrix i, row lane / 4, 2-byte elements
/// 2 (lane % 4) and the next; transposed, rows 2 (lane % 4) and the next of
/// column lane / 4.
template <uint32_t kCount, bool transposed = false>
DS_DEVICE void loadMatrix(uint32_t (&r)[kCount], const void *sharedRow) {
  static_assert(kCount == 1 || kCount == 2 || kCount == 4);
#if DS_EMULATED
  emu::loadMatrix(r, sharedRow, kCount, transposed);
#else
  const uint32_t row = sharedAddress(sharedRow);
  if constexpr (kCount == 4 && !transposed)
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, "
                 "[%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(row)
                 : "memory");
  else if constexpr (kCount == 4)
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 "
                 "{%0, %1, %2, %3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(row)
                 : "memory");
  else if constexpr (kCount == 2 && !transposed)
    asm volatile("ldmatrix.sync.aligned.m8n8.x2.shared.b16 {%0, %1}, [%2];"
                 : "=r"(r[0]), "=r"(r[1])
                 : "r"(row)
                 : "memory");
  else if constexpr (kCount == 2)
    asm volatile(
        "ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%0, %1}, [%2];"
        : "=r"(r[0]), "=r"(r[1])
        : "r"(row)
        : "memory");
  else if constexpr (!transposed)
    asm volatile("ldmatrix.sync.aligned.m8n8.x1.shared.b16 {%0}, [%1];"
                 : "=r"(r[0])
                 : "r"(row)
                 : "memory");
  else
    asm volatile("ldmatrix.sync.aligned.m8n8.x1.trans.shared.b16 {%0}, [%1];"
                 : "=r"(r[0])
                 : "r"(row)
                 : "memory");
#endif
}
DS_DEVICE void loadMatrix1(uint32_t (&r)[1], const void *sharedRow) {
  loadMatrix<1>(r, sharedRow);
}
DS_DEVICE void loadMatrix2(uint32_t (&r)[2], const void *sharedRow) {
  loadMatrix<2>(r, sharedRow);
}
DS_DEVICE void loadMatrix4(uint32_t (&r)[4], const void *sharedRow) {
  loadMatrix<4>(r, sharedRow);
}
DS_DEVICE void loadMatrix1Transposed(uint32_t (&r)[1], const void *sharedRow) {
  loadMatrix<1, true>(r, sharedRow);
}
DS_DEVICE void loadMatrix2Transposed(uint32_t (&r)[2], const void *sharedRow) {
  loadMatrix<2, true>(r, sharedRow);
}
DS_DEVICE void loadMatrix4Transposed(uint32_t (&r)[4], const void *sharedRow) {
  loadMatrix<4, true>(r, sharedRow);
}

/// d += a b, 16 x 8 x 16, sums in f32 as the hardware rounds them.
DS_DEVICE void mmaBF16(float (&d)[4], const uint32_t (&a)[4],
                       const uint32_t (&b)[2]) {
#if DS_EMULATED
  emu::mmaBF16(d, a, b);
#else
  asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "
               "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
               "{%0, %1, %2, %3};"
               : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]),
                 "r"(b[1]));
#endif
}

/// d += a b, 16 x 8 x 32, of f8e4m3fn. sm_89 and sm_120 only: it keeps 13 bits
/// of the fraction, so sums are to be promoted every 128 of k.
DS_DEVICE void mmaF8(float (&d)[4], const uint32_t (&a)[4],
                     const uint32_t (&b)[2]) {
#if DS_EMULATED
  emu::mmaF8(d, a, b);
#elif __CUDA_ARCH__ == 890 || __CUDA_ARCH__ >= 1200
  asm volatile("mma.sync.aligned.m16n8k32.row.col.f32.e4m3.e4m3.f32 "
               "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
               "{%0, %1, %2, %3};"
               : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]),
                 "r"(b[1]));
#else
  __trap();
#endif
}

} // namespace ds::kernels::cuda
