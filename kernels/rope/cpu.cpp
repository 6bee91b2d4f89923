// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernels/rope/body.h"
using namespace ds::kernels;

DS_DEFINE_KERNEL(DS_ROW(rope_bf16), RopeShape, tokenTiles, rotateHeads<bf16>)
