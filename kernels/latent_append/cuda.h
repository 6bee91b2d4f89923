// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "kernels/base/NormalizeShared.h"
#include "kernels/latent_append/latent_append.h"

namespace ds::kernels::cuda {

DS_SHARED_FUNCTION constexpr uint32_t
latentAppendShared(const LatentAppendShape &shape) {
  return normalizeShared(shape.latent);
}

} // namespace ds::kernels::cuda
