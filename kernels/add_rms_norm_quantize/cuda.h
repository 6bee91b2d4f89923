// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "kernels/add_rms_norm_quantize/add_rms_norm_quantize.h"
#include "kernels/base/NormalizeShared.h"

namespace ds::kernels::cuda {

DS_SHARED_FUNCTION constexpr uint32_t
addRMSNormQuantizeShared(const AddRMSNormQuantizeShape &shape) {
  return normalizeShared(shape.n);
}

} // namespace ds::kernels::cuda
