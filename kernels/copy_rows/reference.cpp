// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernels/base/Row.h"
#include "kernels/copy_rows/copy_rows.h"

namespace ds::kernels {
namespace {

[[clang::always_inline]] inline void copyTokens(const CopyRowsShape &shape,
                                                const Call &call,
                                                uint32_t tileBegin,
                                                uint32_t tileEnd) {
  size_t rowBytes = size_t(shape.n) * 4;
  __builtin_memcpy(operand<char>(call, 1) + tileBegin * rowBytes,
                   operand<const char>(call, 0) + tileBegin * rowBytes,
                   (tileEnd - tileBegin) * rowBytes);
}

} // namespace

DS_DEFINE_KERNEL(copy_rows_u32_generic, CopyRowsShape, tokenTiles, copyTokens)

} // namespace ds::kernels
