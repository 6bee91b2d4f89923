// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A random weight matrix as a checkpoint holds it, and its exact values.
#pragma once
#include "kernels/LaunchTable.h"
#include "test/kernels/KernelTest.h"
#include <cmath>

namespace ds::kernels::test {

class TestMatrix {
public:
  /// Weights and factors lie `shift` bytes before their guard page. There is
  /// no NaN among the codes; factors are no powers of two.
  TestMatrix(Weights encoding, uint32_t rows, uint32_t in, Random &random,
             size_t shift = 0);

  double value(uint32_t row, uint32_t column) const;
  void setCode(uint32_t row, uint32_t column, uint8_t code) {
    weights_.set(size_t(row) * in_ + column, code);
  }
  /// Appends the pointers that a call takes.
  void appendTo(std::vector<void *> &pointers) const;
  void appendTo(std::vector<Operand> &operands) const;

private:
  float factor(uint32_t row, uint32_t column) const;

  Weights encoding_;
  uint32_t in_;
  Buffer weights_, factors_;
};

/// The shape, widened to the next number of columns that the row serves.
template <class Shape>
Shape served(const KernelRow &row, Shape shape) {
  while (rowsServed(row, &shape) == 0)
    ++shape.in;
  return shape;
}

/// A sum of products, and what bounds its error.
struct Sum {
  double value = 0;
  double magnitude = 0; // sum of the absolute products
  void add(double product) {
    value += product;
    magnitude += std::abs(product);
  }
};

/// Largest relative error of a sum of products of `in` columns with a row of a
/// matrix. As RowDots.h orders it in f32: a lane adds at most in / 16 products
/// (the products of bf16 are exact), then one scaled sum per 128 columns, then
/// the tree. On a GPU: as the tensor cores add up to 128 columns
/// (kernels/emu/DotAdd.h), then one scaled sum per 64 or 128 columns, scale and
/// factor multiplied before; the skinny rows take shorter steps by half, which
/// pays for the eight sums of their warps. The reference adds in double.
double dotError(const KernelRow &row, uint32_t in);

/// Whether the row is CUDA code.
bool isForGPU(const KernelRow &row);

/// Largest error, relative to the sum of their magnitudes, of adding so many
/// products of bf16 by mma.sync. Of 8 products and what was summed before, each
/// is cut at 2^-24 of the largest, and the sum at its 23rd fraction bit
/// (kernels/emu/DotAdd.h); later architectures take 16 at once and cut at
/// 2^-25. Columns are padded with zeros, in two ranges.
double mmaError(uint32_t products);

/// Rounds f32 once more where the output is bf16.
double outputError(Activation type, double value);

} // namespace ds::kernels::test
