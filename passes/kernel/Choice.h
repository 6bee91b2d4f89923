// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which row of the kernel table computes a call. A pure function: it sees
// nothing but its arguments and the table.
#pragma once
#include "kernels/Catalog.h"
#include <span>
#include <string>
#include <vector>

namespace ds::kernel {

struct Problem {
  const kernels::Family *family;
  kernels::Activation activation; // of the call; None: it has no A, any will do
  kernels::Weights weights;       // likewise
  std::span<const uint32_t> shape; // the words of the family's struct
  uint64_t rows;         // tokens of the run that costs are computed for
  uint32_t mostRows = 0; // of any run: a row that serves fewer does not fit
};

struct Candidate {
  const kernels::KernelRow *row;
  double microseconds; // on one core or GPU of the row's level; 0: it cannot run
  std::string lost;    // why it was not taken; empty: it was
};

struct Choice {
  const kernels::KernelRow *row = nullptr; // null: no row fits
  std::vector<Candidate> candidates;       // all rows of the family, in order
};

/// The cheapest row that fits and whose code a CPU or GPU of `level` runs; among
/// equals the first of the table. The cost is that of the slower of two: moving
/// the bytes, doing the arithmetic.
Choice choose(const Problem &problem, kernels::Level level);

} // namespace ds::kernel
