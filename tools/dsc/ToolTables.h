// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The option tables of both tools, for completion and manual pages.
#pragma once
#include "tools/options/Tool.h"

namespace ds {
options::Tool dscTool();
options::Tool dsrunTool();
} // namespace ds
