// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernels/swiglu/body.h"
using namespace ds::kernels;

DS_DEFINE_KERNEL(DS_ROW(swiglu_bf16), SwiGLUShape, gateTiles, gateRows<bf16>)
