// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernels/latent_append/body.h"
using namespace ds::kernels;

DS_DEFINE_KERNEL(latent_append_f32_generic, LatentAppendShape, tokenTiles,
                 appendLatent<PlainOrder, float>)
