// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernels/rms_norm/body.h"
using namespace ds::kernels;

DS_DEFINE_KERNEL(DS_ROW(rms_norm_bf16), RMSNormShape, tokenTiles,
                 normalizeTokens<LaneOrder, bf16>)
