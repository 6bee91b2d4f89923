// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a query remembers of the keys it has seen, page by page. Weights are
// relative to the largest score so far; what was summed with older weights is
// multiplied by the factor that addPage of Softmax.h returns.
#pragma once

namespace ds::kernels {

/// The least finite f32: a first score of -infinity has weight 0, not NaN.
constexpr float kLowestScore = -0x1.fffffep127f;

struct RunningSoftmax {
  float largest = kLowestScore;
  float sum = 0; // of the weights
};

} // namespace ds::kernels
