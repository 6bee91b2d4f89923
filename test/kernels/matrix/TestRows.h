// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Random activations as a row of the table takes them, and their exact values.
#pragma once
#include "test/kernels/KernelTest.h"

namespace ds::kernels::test {

class TestRows {
public:
  /// Values within [-1, 1]. There is no NaN among the codes; scales are no
  /// powers of two.
  TestRows(Activation type, size_t rows, uint32_t columns, Random &random);

  double value(size_t row, uint32_t column) const;
  /// Zero or one, exact: sets the scale of the group too, if there is one.
  void setExact(size_t row, uint32_t column, float value);
  /// Appends what a call takes; shared where all tokens share the rows.
  void appendTo(std::vector<Operand> &operands, bool isShared) const;

private:
  Activation type_;
  uint32_t columns_;
  Buffer rows_, scales_; // scales: of codes
};

} // namespace ds::kernels::test
