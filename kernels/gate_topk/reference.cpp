// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernels/gate_topk/body.h"
using namespace ds::kernels;

DS_DEFINE_KERNEL(gate_topk_f32_generic, GateTopkShape, tokenTiles,
                 chooseExperts)
