// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernels/latent_append/body.h"
using namespace ds::kernels;

DS_DEFINE_KERNEL(DS_ROW(latent_append_bf16), LatentAppendShape, tokenTiles,
                 appendLatent<LaneOrder, bf16>)
