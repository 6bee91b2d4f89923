// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernels/head_norm/body.h"
using namespace ds::kernels;

DS_DEFINE_KERNEL(DS_ROW(head_norm_bf16), HeadNormShape, headTiles,
                 normalizeHeadRows<LaneOrder, bf16>)
