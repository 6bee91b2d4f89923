// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernels/add_rms_norm/body.h"
using namespace ds::kernels;

DS_DEFINE_KERNEL(DS_ROW(add_rms_norm_bf16), AddRMSNormShape, tokenTiles,
                 addAndNormalize<LaneOrder, bf16>)
