// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Rotation of a quad of a head's rope part (model-spec 1.6), as Rotate.h has it
// on the CPU and with its bits.
#pragma once
#include "kernels/base/Quad.cuh"

namespace ds::kernels::cuda {

/// Two pairs turned by two angles, (cos, sin) each.
DS_DEVICE Quad rotate(const Quad &x, const Quad &angles) {
  Quad y;
  for (uint32_t j = 0; j < kQuadColumns; j += 2) {
    const float a = x.lane[j], b = x.lane[j + 1];
    const float cos = angles.lane[j], sin = angles.lane[j + 1];
    y.lane[j] = sub(mul(a, cos), mul(b, sin));
    y.lane[j + 1] = add(mul(a, sin), mul(b, cos));
  }
  return y;
}

} // namespace ds::kernels::cuda
