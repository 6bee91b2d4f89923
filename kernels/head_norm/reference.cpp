// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernels/head_norm/body.h"
using namespace ds::kernels;

DS_DEFINE_KERNEL(head_norm_f32_generic, HeadNormShape, headTiles,
                 normalizeHeadRows<PlainOrder, float>)
