// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a call costs at least, for choosing among rows and for reports.
#pragma once
#include <stdint.h>

namespace ds::kernels {

struct Work {
  uint64_t bytes = 0; // read and written, each operand but the weight matrices
                      // once, activations counted as bf16
  uint64_t flops = 0; // a multiply-add counts two
  uint64_t weights = 0; // elements of weight matrices; the row knows their size
};

} // namespace ds::kernels
