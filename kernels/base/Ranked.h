// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The order in which a largest score is looked for: falling score, rising index
// among equals, -0 equal to +0. Scores are no NaN.
#pragma once
#include "kernels/base/Inline.h"
#include <stdint.h>

namespace ds::kernels {

struct Ranked {
  float score;
  uint32_t index;
};

/// Whether a stands before b.
DS_INLINE bool isBefore(Ranked a, Ranked b) {
  return a.score > b.score || (a.score == b.score && a.index < b.index);
}

} // namespace ds::kernels
