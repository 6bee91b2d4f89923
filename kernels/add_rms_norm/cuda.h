// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "kernels/add_rms_norm/add_rms_norm.h"
#include "kernels/base/NormalizeShared.h"

namespace ds::kernels::cuda {

DS_SHARED_FUNCTION constexpr uint32_t
addRMSNormShared(const AddRMSNormShape &shape) {
  return normalizeShared(shape.n);
}

} // namespace ds::kernels::cuda
