// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernels/add_rms_norm_quantize/add_rms_norm_quantize.h"
#include "kernels/base/Normalize.h"
#include "kernels/base/Quantize.h"
#include "kernels/base/Row.h"

namespace ds::kernels {
namespace {

template <class A>
[[clang::always_inline]] inline void
addNormalizeQuantize(const AddRMSNormQuantizeShape &shape, const Call &call,
                     uint32_t tileBegin, uint32_t tileEnd) {
  auto *residual = operand<const float>(call, 0);
  auto *delta = operand<const float>(call, 1);
  auto *residualOut = operand<float>(call, 2);
  auto *y = shape.keep ? operand<A>(call, 3) : nullptr;
  const uint32_t next = 3 + shape.keep;
  auto *codes = operand<f8e4m3fn>(call, next);
  auto *scales = operand<float>(call, next + 1);
  auto *gain = operand<const void>(call, next + 2);
  auto *u = static_cast<float *>(call.workspace);
  for (uint32_t t = tileBegin; t < tileEnd; ++t) {
    auto *a = rowOf(residual, t, shape.n), *b = rowOf(delta, t, shape.n);
    auto *sum = rowOf(residualOut, t, shape.n);
    for (uint32_t i = 0; i < shape.n; ++i)
      sum[i] = a[i] + b[i];
    normalize<PlainOrder>(sum, gain, shape.n, shape.eps, u);
    for (uint32_t i = 0; shape.keep && i < shape.n; ++i)
      store(rowOf(y, t, shape.n) + i, u[i]);
    quantizeRow(
        [&](uint32_t i) __attribute__((always_inline)) { return u[i]; },
        shape.n, shape.scaleFormat, rowOf(codes, t, shape.n),
        rowOf(scales, t, scaleGroups(shape.n)));
  }
}

} // namespace

DS_DEFINE_KERNEL(add_rms_norm_quantize_f32_generic, AddRMSNormQuantizeShape,
                 tokenTiles, addNormalizeQuantize<float>)

} // namespace ds::kernels
