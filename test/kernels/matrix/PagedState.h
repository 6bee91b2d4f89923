// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The latent rows of a ragged batch, and attention over them in double.
#pragma once
#include "test/kernels/matrix/TestMatrix.h"

namespace ds::kernels::test {

class PagedState {
public:
  /// Rows 0 .. past + tokens - 1 of every sequence are random, all other rows
  /// of its pages NaN.
  PagedState(Activation type, const RaggedBatch &batch, uint32_t pageTokens,
             uint32_t rowElements, Random &random);

  /// Element c of the row of token u of a sequence.
  double value(uint32_t sequence, uint32_t u, uint32_t c) const;
  void set(uint32_t sequence, uint32_t u, uint32_t c, float value);
  const Buffer &buffer() const { return buffer_; }

private:
  size_t place(uint32_t sequence, uint32_t u) const;

  Activation type_;
  const RaggedBatch &batch_;
  uint32_t pageTokens_, rowElements_;
  Buffer buffer_;
};

/// A score or an element of a value, and its largest error.
struct Inexact {
  double value, error;
};

/// sum over u of softmax(scores)[u] * values[u]. The error follows from those
/// of the scores, from the exponential (1 ulp of its result, half an ulp of its
/// argument) and from one rounding per key in each of two sums. Rows for GPUs
/// multiply weights that are rounded to bf16, in tensor cores, and add the
/// weights themselves.
Inexact attend(const KernelRow &row, const std::vector<Inexact> &scores,
               const std::vector<Inexact> &values);

} // namespace ds::kernels::test
