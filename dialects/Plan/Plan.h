// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The only header of the plan dialect that others include.
#pragma once
#include "dialects/Kernel/Kernel.h"
#include <mlir/IR/RegionKindInterface.h>

#include "dialects/Plan/PlanDialect.h.inc"
#include "dialects/Plan/PlanEnums.h.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/Plan/PlanAttrs.h.inc"
#define GET_OP_CLASSES
#include "dialects/Plan/PlanOps.h.inc"
