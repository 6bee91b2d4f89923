// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernels/rms_norm/body.h"
using namespace ds::kernels;

DS_DEFINE_KERNEL(rms_norm_f32_generic, RMSNormShape, tokenTiles,
                 normalizeTokens<PlainOrder, float>)
