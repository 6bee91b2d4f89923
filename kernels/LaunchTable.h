// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How the CUDA rows of the table are launched. Contracts and plain functions
// only; whoever links this gets no kernel code.
#pragma once
#include "kernels/Catalog.h"
#include "kernels/base/LaunchShape.h"

namespace ds::kernels {

/// One launch of a row. The functions take the family's shape struct.
struct Launch {
  std::string_view row;
  std::string_view header; // "kernels/linear/cuda.cuh"
  std::string_view body;   // "linear<bf16, f8e4m3fn>", in ds::kernels::cuda
  std::string_view shape;  // "LinearShape"
  uint32_t threads;        // of a block
  uint32_t (*sharedBytes)(const void *shape);
  TileCount (*tiles)(const void *shape);
  uint64_t (*workspace)(const void *shape);
  cuda::TensorMaps (*maps)(const void *shape);
  uint32_t (*fits)(const void *shape); // most rows of a run; 0: none
};

/// Those of a row, in the order in which they run; empty for CPU rows.
std::span<const Launch> launchesOf(const KernelRow &row);

/// The most rows (tokens, or rows of the head) of a run that the row serves with
/// this shape: the least of its launches; 0: it cannot compute the shape at all.
/// cuda::kAnyRows for CPU rows.
uint32_t rowsServed(const KernelRow &row, const void *shape);

} // namespace ds::kernels
