// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a lane feeds to mma.sync: octets, eight neighbouring elements of a row.
//
// Which k an mma takes from which word of which lane is fixed (Mma.cuh), but a
// sum over k is the same sum when both operands are permuted alike. So lane
// (g = lane / 4, t = lane % 4) takes k = 8 t .. 8 t + 7 of every 32, from rows
// of one operand and of the other: one plain load each, also of one-byte codes,
// for which ldmatrix would be of no use, and of rows in global memory.
#pragma once
#include "kernels/base/Mma.cuh"

namespace ds::kernels::cuda {

constexpr uint32_t kOctet = 8;
constexpr uint32_t kOctetStep = 32; // of k, that the octets of a warp cover

/// Eight elements as they lie in memory.
DS_DEVICE Vector16 loadOctet(const bf16 *from) { return load16(from); }
DS_DEVICE Vector8 loadOctet(const f8e4m3fn *from) { return load8(from); }

/// Products of bf16; codes are decoded, which is exact.
struct BF16Units {
  using Octet = Vector16;
  DS_DEVICE static Octet octet(Vector16 stored) { return stored; }
  DS_DEVICE static Octet octet(Vector8 codes) {
    const Vector8 low = decode4(codes.word[0]), high = decode4(codes.word[1]);
    return {{low.word[0], low.word[1], high.word[0], high.word[1]}};
  }
  /// d += 16 rows times 8 columns over kOctetStep of k: the rows' octets are
  /// those of rows g and g + 8, the columns' that of column g; d as in Mma.cuh.
  DS_DEVICE static void multiply(float (&d)[4], const Octet &row,
                                 const Octet &row8, const Octet &column) {
    for (uint32_t i = 0; i < 4; i += 2) {
      const uint32_t a[] = {row.word[i], row8.word[i], row.word[i + 1],
                            row8.word[i + 1]};
      const uint32_t b[] = {column.word[i], column.word[i + 1]};
      mmaBF16(d, a, b);
    }
  }
};

/// Products of codes in the FP8 units; both operands are codes.
struct F8Units {
  using Octet = Vector8;
  DS_DEVICE static Octet octet(Vector8 stored) { return stored; }
  DS_DEVICE static void multiply(float (&d)[4], const Octet &row,
                                 const Octet &row8, const Octet &column) {
    const uint32_t a[] = {row.word[0], row8.word[0], row.word[1], row8.word[1]};
    const uint32_t b[] = {column.word[0], column.word[1]};
    mmaF8(d, a, b);
  }
};

/// Rows and columns change places. rows[i] has four codes, column 0 in the low
/// byte; word j of the result has column j, row 0 in the low byte.
DS_DEVICE Vector16 transposeCodes(const uint32_t (&rows)[4]) {
  constexpr uint32_t kEven = 0x00ff00ff, kOdd = 0xff00ff00;
  const uint32_t even01 = (rows[0] & kEven) | (rows[1] & kEven) << 8;
  const uint32_t even23 = (rows[2] & kEven) | (rows[3] & kEven) << 8;
  const uint32_t odd01 = (rows[0] & kOdd) >> 8 | (rows[1] & kOdd);
  const uint32_t odd23 = (rows[2] & kOdd) >> 8 | (rows[3] & kOdd);
  return {{(even01 & 0xffff) | even23 << 16, (odd01 & 0xffff) | odd23 << 16,
           even01 >> 16 | (even23 & 0xffff0000),
           odd01 >> 16 | (odd23 & 0xffff0000)}};
}

} // namespace ds::kernels::cuda
