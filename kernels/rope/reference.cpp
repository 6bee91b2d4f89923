// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernels/rope/body.h"
using namespace ds::kernels;

DS_DEFINE_KERNEL(rope_f32_generic, RopeShape, tokenTiles, rotateHeads<float>)
