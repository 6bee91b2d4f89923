// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Rotation of one head (model-spec 1.6), the part that rope and latent_append
// share.
#pragma once
#include "kernels/base/Types.h"

namespace ds::kernels {

/// Rotates the pairs (2j, 2j + 1) of `dim` elements by angles[j] = (cos, sin).
/// Products and sums are rounded one by one to f32, the result once to A.
template <class A>
[[clang::always_inline]] inline void rotate(const float *x, const float *angles,
                                            uint32_t dim, A *y) {
  for (uint32_t j = 0; j < dim; j += 2) {
    float cos = angles[j], sin = angles[j + 1];
    store(y + j, x[j] * cos - x[j + 1] * sin);
    store(y + j + 1, x[j] * sin + x[j + 1] * cos);
  }
}

} // namespace ds::kernels
