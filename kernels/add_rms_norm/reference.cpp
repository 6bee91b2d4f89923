// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernels/add_rms_norm/body.h"
using namespace ds::kernels;

DS_DEFINE_KERNEL(add_rms_norm_f32_generic, AddRMSNormShape, tokenTiles,
                 addAndNormalize<PlainOrder, float>)
