// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Stands in for LineEditor.cpp where libedit is not there.
#include "tools/dsrun/LineInput.h"

namespace ds::dsrun {
std::unique_ptr<LineInput> openLineEditor() { return nullptr; }
} // namespace ds::dsrun
