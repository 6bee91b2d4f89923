// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What kernels that quantise their own result are held to.
#pragma once
#include "test/kernels/KernelTest.h"

namespace ds::kernels::test {

/// Rows of `n` columns of codes, with the scales of their groups, stand for
/// `want`. A value may be off by half a step of its code, and by `bound`, which
/// it was off by before it met the staircase; a scale by what its group was.
void expectQuantized(const Buffer &codes, const Buffer &scales, uint32_t n,
                     uint32_t scaleFormat, const std::vector<double> &want,
                     const std::vector<double> &bound);

/// The same bits in two operands.
void expectSameBits(const Buffer &got, const Buffer &want, const char *what);

} // namespace ds::kernels::test
