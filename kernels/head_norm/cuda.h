// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "kernels/base/NormalizeShared.h"
#include "kernels/head_norm/head_norm.h"

namespace ds::kernels::cuda {

DS_SHARED_FUNCTION constexpr uint32_t
headNormShared(const HeadNormShape &shape) {
  return normalizeShared(shape.n);
}

} // namespace ds::kernels::cuda
