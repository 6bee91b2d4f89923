// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Chooses topk experts per token from router logits z (model-spec 1.7, 2.1),
// all f32:
//   s = sigmoid(z) or softmax(z); c = s + bias; with groups > 1 and topk_groups
//   < groups only the topk_groups best groups stay, by the sum of their two
//   largest c (group_score 0) or their largest (1); ids = topk largest c,
//   falling, the lower index first among equals; w = s[ids]; normalize: w /
//   (sum w + 1e-20); w *= scale.
// A row with a NaN gives ids 0 .. topk-1 and NaN weights.
//   in   logits f32 [T, experts]
//   out  ids u32 [T, topk], weights f32 [T, topk]
//   w    bias f32 or bf16 [experts] where bias is 1 or 2; none where it is 0
// A tile is one token.
// Allocates nothing, keeps nothing, calls nothing, safe on many threads.
#pragma once
#include "kernels/base/Abi.h"
#include "kernels/base/Shape.h"
#include "kernels/base/Work.h"

#define DS_GATE_TOPK_SHAPE(FIELD)                                              \
  FIELD(uint32_t, experts)                                                     \
  FIELD(uint32_t, topk)                                                        \
  FIELD(uint32_t, groups)                                                      \
  FIELD(uint32_t, topkGroups)                                                  \
  FIELD(uint32_t, scoring)    /* 0 sigmoid, 1 softmax */                       \
  FIELD(uint32_t, groupScore) /* 0 two largest, 1 largest */                   \
  FIELD(uint32_t, normalize)                                                   \
  FIELD(uint32_t, bias) /* 0 none, 1 f32, 2 bf16 */                            \
  FIELD(float, scale)

namespace ds::kernels {
struct GateTopkShape {
  DS_GATE_TOPK_SHAPE(DS_SHAPE_MEMBER)
};

/// Bytes per worker.
inline uint64_t gateTopkWorkspace(const GateTopkShape &shape) {
  return 4 * (2ull * shape.experts + shape.groups);
}
/// Activations are counted with 4 bytes an element.
inline Work gateTopkWork(const GateTopkShape &shape, uint64_t rows) {
  return {rows * (shape.experts * 4ull + shape.topk * 8ull),
          rows * shape.experts * (10ull + shape.topk)};
}
} // namespace ds::kernels
