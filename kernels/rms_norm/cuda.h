// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "kernels/base/NormalizeShared.h"
#include "kernels/rms_norm/rms_norm.h"

namespace ds::kernels::cuda {

DS_SHARED_FUNCTION constexpr uint32_t rmsNormShared(const RMSNormShape &shape) {
  return normalizeShared(shape.n);
}

} // namespace ds::kernels::cuda
