// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernels/swiglu/body.h"
using namespace ds::kernels;

DS_DEFINE_KERNEL(swiglu_f32_generic, SwiGLUShape, gateTiles, gateRows<float>)
