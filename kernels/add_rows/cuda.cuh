// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A tile is one token.
#pragma once
#include "kernels/add_rows/add_rows.h"
#include "kernels/base/Launch.cuh"

namespace ds::kernels::cuda {

DS_DEVICE void addRows(const AddRowsShape &shape, const DeviceCall &call) {
  auto *a = operand<const float>(call, 0);
  auto *b = operand<const float>(call, 1);
  auto *y = operand<float>(call, 2);
  forTiles(tokenTiles(shape), call, [&](uint32_t t) {
    for (uint32_t i = threadIndex(); i < shape.n; i += blockThreads())
      rowOf(y, t, shape.n)[i] =
          add(rowOf(a, t, shape.n)[i], rowOf(b, t, shape.n)[i]);
  });
}

} // namespace ds::kernels::cuda
