// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// add_rms_norm whose normalised row is quantised where it is made:
//   s = residual[t] + delta[t] in f32; residual_out[t] = s;
//   u[i] = s[i] * rsqrt(mean(s * s) + eps) * f32(gain[i]), in f32
//   codes, scales = quantize of u, before any other rounding (quantize.h)
//   y[t] = A(u) where keep is 1, for what reads the row beside w8a8 linears
//   in   residual f32 [T, n], delta f32 [T, n]
//   out  residual_out f32 [T, n], y A [T, n] where keep is 1,
//        codes f8e4m3fn [T, n], scales f32 [T, ceil(n / 128)]
//   w    gain bf16 [n]
// The order of the mean is the row's own. A tile is one token.
// A, the element of activations, is bf16 or f32 by row.
// Allocates nothing, keeps nothing, calls nothing, safe on many threads.
#pragma once
#include "kernels/base/Abi.h"
#include "kernels/base/Shape.h"
#include "kernels/base/Work.h"

#define DS_ADD_RMS_NORM_QUANTIZE_SHAPE(FIELD)                                  \
  FIELD(uint32_t, n)                                                           \
  FIELD(uint32_t, keep)                                                        \
  FIELD(uint32_t, scaleFormat) /* as in quantize.h */                          \
  FIELD(float, eps)

namespace ds::kernels {
struct AddRMSNormQuantizeShape {
  DS_ADD_RMS_NORM_QUANTIZE_SHAPE(DS_SHAPE_MEMBER)
};

/// Bytes per worker.
inline uint64_t addRMSNormQuantizeWorkspace(const AddRMSNormQuantizeShape &s) {
  return s.n * sizeof(float);
}
/// Activations are counted with 4 bytes an element.
inline Work addRMSNormQuantizeWork(const AddRMSNormQuantizeShape &shape,
                                   uint64_t rows) {
  return {rows * shape.n * (4 * (3 + shape.keep) + 1ull) + shape.n * 2ull,
          rows * shape.n * 8};
}
} // namespace ds::kernels
