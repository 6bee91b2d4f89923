// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernels/expert_plan/body.h"
using namespace ds::kernels;

DS_DEFINE_KERNEL(expert_plan_u32_generic, ExpertPlanShape, oneTile, sortPairs)
