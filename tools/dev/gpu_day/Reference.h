// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The reference rows of all families, on the host.
#pragma once
#include "tools/dev/gpu_day/Operands.h"

namespace ds::day {

/// Fills `reference` of the outputs, on all processors.
void runReference(const kernels::KernelRow &row, const void *shape,
                  const Run &run, std::vector<Operand> &operands);

/// How far the outputs of a GPU row are from the reference: the largest
/// |got - want| / max(|want|, root mean square of want) of any output of
/// numbers, and the root mean square of it for codes times their scales;
/// infinity where whole numbers differ or a value is missing.
double errorOf(const std::vector<Operand> &operands);

/// The largest error that passes. Rows of bf16 round operands, values between
/// and results to 2^-9 each, up to eight in a row; FP8 matrix units cut terms
/// at 2^-13 of the largest of 128, after which a few codes round the other way;
/// all else is f32, and quantize exact. It finds wrong places and wrong
/// formulas; the tests of each family have the derived bounds.
double toleranceOf(const kernels::KernelRow &row,
                   const std::vector<Operand> &operands);

} // namespace ds::day
